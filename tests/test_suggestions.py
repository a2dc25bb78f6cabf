"""Suggested questions name a headline of the library, and are such as it answers."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus import Block, Document
from corpus.document_table import Listed
from rag import Answer, Quote
from ui.suggestions import ASKED, DRAWN, Candidate, candidates, suggestions


def article(headline: str, *paragraphs: str, name: str = "a.txt", language: str = "") -> Document:
    return issue((headline, *paragraphs), name=name, language=language)


def issue(*articles: tuple[str, ...], name: str = "a.txt", language: str = "") -> Document:
    """A document of several articles, each a headline and paragraphs."""
    text, blocks = "", []
    for number, parts in enumerate(articles):
        for place, part in enumerate(parts):
            if part:
                kind, level = ("paragraph", 0) if place else ("heading", 1)
                blocks.append(Block(kind, len(text), len(text) + len(part), level, None, number))
                text += part + "\n\n"
    return Document(name, articles[0][0] or "a", text, tuple(blocks), {"language": language} if language else {})


def made(document: Document) -> list[tuple[str, str, str]]:
    return [(each.kind, each.question, document.text[each.start : each.end]) for each in candidates(document)]


@pytest.mark.parametrize(
    ("headline", "text", "expected"),
    [
        ("2023重庆民营企业100强发布会举行 卢红出席并讲话", "10月17日，2023重庆民营企业100强发布会在渝举行，会上发布了榜单，并对上榜企业进行了表彰。",
         [("when", "2023重庆民营企业100强发布会是什么时候举行的？", "10月17日")]),
        ("胡衡华会见国家体育总局局长高志丹一行", "（记者 张三）10月17日，市长胡衡华在渝会见了国家体育总局局长高志丹一行，双方进行了座谈交流。",
         [("when", "“胡衡华会见国家体育总局局长高志丹一行”是什么时候的事？", "10月17日")]),
        ("听澜桥修缮完工重新开放", "停用四年之后，澜川市的听澜桥2025年4月12日重新向行人开放。桥身装上了62个传感器，随时监测它的变形和开裂。",
         [("when", "“听澜桥修缮完工重新开放”是什么时候的事？", "2025年4月12日"), ("how many", "“听澜桥修缮完工重新开放”提到多少个传感器？", "62个传感器")]),
        ("合川“双招双引”同频共振", "新华社重庆1月5日电 近年来，合川区紧扣双城经济圈建设，共有352名学生参加实习，全区新建道路27.4公里，带来了新的发展。",
         [("how many", "“合川‘双招双引’同频共振”提到多少名学生？", "352名学生")]),
        ("福安夜市新制上路 環保餐具押金20元", "嵐港市福安夜市自11月1日起實施新的管理辦法，全市286個攤位全部換新，讓來訪的遊客歸還用過的餐具，這是過去沒有的做法。",
         [("when", "「福安夜市新制上路」是什麼時候的事？", "11月1日"), ("how many", "「福安夜市新制上路」提到多少個攤位？", "286個攤位")]),
        ("青嶼新渡輪碼頭啟用「無障礙」設施", "青嶼新碼頭於2025年6月30日啟用，這是島上居民多年來的願望，讓長者和殘疾人士過海時不再需要別人攙扶。",
         [("when", "「青嶼新渡輪碼頭啟用『無障礙』設施」是什麼時候的事？", "2025年6月30日")]),
        ("City council approves the “Skerry Bank” wind farm", "PORT MERROW — After eleven hours the council voted on March 11, 2025, to approve the plan. It will have 46 turbines, and the work is to begin in the spring.",
         [("when", "When did this happen: “City council approves the ‘Skerry Bank’ wind farm”?", "March 11, 2025"),
          ("how many", "How many turbines are mentioned in “City council approves the ‘Skerry Bank’ wind farm”?", "46 turbines")]),
        ("San Bermejo raciona el agua por la sequía", "El Ayuntamiento de San Bermejo del Valle aprobó el jueves 5 de junio de 2025 un plan que limita el consumo de agua a 160 litros por habitante y día en la ciudad.",
         [("when", "¿Cuándo ocurrió esto: «San Bermejo raciona el agua por la sequía»?", "5 de junio de 2025"),
          ("how many", "¿Cuántos litros se mencionan en «San Bermejo raciona el agua por la sequía»?", "160 litros")]),
        ("La ciudad abre sus nuevas escuelas", "La ciudad ha abierto las 12 escuelas que se habían prometido a los vecinos del valle y que se construyeron con el dinero de la región.",
         [("how many", "¿Cuántas escuelas se mencionan en «La ciudad abre sus nuevas escuelas»?", "12 escuelas")]),
        ("Regensburg weiht die neue Brücke ein", "Die neue Brücke über die Donau ist am 6. März 2024 von dem Bürgermeister der Stadt eingeweiht worden. Sie hat 14 Pfeiler und ist nicht für die Lastwagen gedacht.",
         [("when", "Wann war das: „Regensburg weiht die neue Brücke ein“?", "6. März 2024"),
          ("how many", "Wie viele Pfeiler werden in „Regensburg weiht die neue Brücke ein“ genannt?", "14 Pfeiler")]),
        ("В Пскове открыли новый мост", "Новый мост через реку Великую открыли 26 октября 2023 года. Его строили пять лет, на стройке работали 120 человек, и город получил новую дорогу.",
         [("when", "Когда это было: «В Пскове открыли новый мост»?", "26 октября 2023"),
          ("how many", "Сколько человек упоминается в статье «В Пскове открыли новый мост»?", "120 человек")]),
        ("افتتاح الميناء الجديد في طنجة", "افتتح الوزير أمس الميناء الجديد في مدينة طنجة يوم 3 يوليو 2019 بعد أعمال دامت سنوات، ويضم الميناء 24 رافعة لخدمة السفن الكبيرة.",
         [("when", "متى حدث هذا: «افتتاح الميناء الجديد في طنجة»؟", "3 يوليو 2019"), ("how many", "كم رافعة ذُكرت في «افتتاح الميناء الجديد في طنجة»؟", "24 رافعة")]),
        ("潮見町の新しい小学校が開校", "鳴浜県潮見町の新しい小学校は2027年4月8日に開校した。町の児童は今年287人まで減り、異なる学年が同じ教室で学んでいた。",
         [("when", "「潮見町の新しい小学校が開校」はいつのことですか？", "2027年4月8日"), ("how many", "「潮見町の新しい小学校が開校」の記事では何人とありますか？", "287人")]),
        ("La ville ouvre ses « jardins partagés »", "Le maire de la ville a ouvert le 14 mai 2022 les jardins que les habitants du quartier avaient demandés. Ils accueillent 85 familles, et il y a 30 arbres pour les enfants.",
         [("when", "Quand cela s’est-il passé : « La ville ouvre ses “ jardins partagés ” » ?", "14 mai 2022"),
          ("how many", "De combien de familles est-il question dans « La ville ouvre ses “ jardins partagés ” » ?", "85 familles")]),
        ("La ville plante des arbres au bord du fleuve", "Le maire de la ville a fait planter les 30 arbres que les habitants du quartier avaient demandés, et il y en aura plus dans les rues.",
         [("how many", "De combien d’arbres est-il question dans « La ville plante des arbres au bord du fleuve » ?", "30 arbres")]),
    ],
)  # fmt: skip
def test_a_question_asks_for_a_date_or_a_number_in_the_language_of_the_text(
    headline: str, text: str, expected: list[tuple[str, str, str]]
) -> None:
    assert made(article(headline, text)) == expected


@pytest.mark.parametrize(
    ("headline", "text", "question"),
    [
        ("禾山县医共体让病人留在县里", "这是一个山区县的故事，医生和护士说，过去病人总是往外走，现在不一样了，他们愿意留下来。", "关于“禾山县医共体让病人留在县里”，都说了些什么？"),
        ("夜市的攤商為什麼留下來", "這是一個關於夜市的故事，攤商說過去客人總是往外走，現在不一樣了，他們願意留下來，還會帶朋友。", "關於「夜市的攤商為什麼留下來」，都說了些什麼？"),
        ("Why the fishermen objected to the plan", "The fishermen of the bay have said that the plan is bad for them, and that the sea which they know will not be the same for the boats.", "What is said about “Why the fishermen objected to the plan”?"),
        ("La sequía y los pueblos del valle", "Los vecinos del valle dicen que la sequía es lo peor que han visto en su vida y que el agua no llega a los pueblos más altos.", "¿Qué se dice sobre «La sequía y los pueblos del valle»?"),
        ("Ein Fluss und seine Fischer", "Die Fischer des Flusses sagen, dass das Wasser nicht mehr so klar ist, wie es war, und dass sie auf den Regen warten.", "Was wird über „Ein Fluss und seine Fischer“ gesagt?"),
        ("Рыбаки ждут новой весны", "Рыбаки говорят, что вода в реке уже не такая чистая, как была, и что они ждут весны, чтобы выйти на лёд.", "О чём говорится в статье «Рыбаки ждут новой весны»?"),
        ("الصيادون ينتظرون الربيع الجديد", "يقول الصيادون إن مياه النهر لم تعد صافية كما كانت وإنهم ينتظرون الربيع حتى يخرجوا إلى البحر مرة أخرى.", "ماذا قيل عن «الصيادون ينتظرون الربيع الجديد»؟"),
        ("漁師たちが待つ新しい春", "漁師たちは、川の水がもう昔のように澄んでいないと話し、海へ出る春を待っている。町の人々も同じ思いだ。", "「漁師たちが待つ新しい春」について何と書かれていますか？"),
        ("Les pêcheurs et la rivière", "Les pêcheurs de la vallée disent que la rivière est moins claire que par le passé et que les poissons ne sont plus là.", "Que dit-on de « Les pêcheurs et la rivière » ?"),
        ("Рибалки чекають на нову весну", "Рибалки кажуть, що вода в річці вже не така чиста, як була, і що вони чекають на весну, щоб вийти на лід.", "Рибалки чекають на нову весну?"),
        ("租房补贴到底发多少？", "这是很多人关心的问题，来这里工作的人说，过去的钱不够用，现在2025年3月1日起又有了新的办法。", "租房补贴到底发多少？"),
        ("Will the last ferry still run at night?", "On March 11, 2025, the council said that it is not for the city to decide, and that the boats have to be paid for by the island.", "Will the last ferry still run at night?"),
    ],
)  # fmt: skip
def test_where_no_fact_is_plain_the_headline_is_asked_about(headline: str, text: str, question: str) -> None:
    document = article(headline, text)
    assert made(document) == [("about", question, text)]


@pytest.mark.parametrize(
    "headline",
    [
        "要闻", "国内新闻", "國際新聞 綜合", "重庆日报", "人民日报海外版", "第3版 要闻", "03", "2023年1月5日 星期四", "一、背景", "THE DAILY GLOBE AND MAIL", "NEWS IN BRIEF",
        "News in brief", "Sports", "Page 3", "National News", "ВЕСТИ НАШЕГО ГОРОДА", "这是一个很长很长的标题" * 4, "A headline of far too many words " * 3,
        "责任编辑：王小明 美编：李小红",
    ],
)  # fmt: skip
def test_a_section_a_masthead_or_a_page_number_is_no_subject(headline: str) -> None:
    text = "10月17日，市长在渝会见了客人，双方进行了座谈交流，还说到将来要一起做的事情，大家都很高兴。"
    latin = "The council of the city voted on March 11, 2025, to approve the plan for the bay, and it is not the first that they have seen."
    assert made(article(headline, text)) == made(article(headline, latin)) == []


@pytest.mark.parametrize("name", ["听澜桥重新向行人开放.txt", "zh/听澜桥重新向行人开放.md", "听澜桥重新向行人开放"])
def test_the_name_of_a_file_is_no_subject(name: str) -> None:
    text = "停用四年之后，听澜桥4月12日重新开放，市民说这是他们等了很久的事情，大家都来看。"
    assert made(article("听澜桥重新向行人开放", text, name=name)) == []
    assert made(replace(issue(("", text), ("城东图书馆闭馆", text), name=f"{name}.txt"), title="t"))[0][0] == "when"


@pytest.mark.parametrize(
    ("headline", "question"),
    [
        ("城东新图书馆揭牌", "城东新图书馆是什么时候揭牌的？"),
        ("城东新图书馆在市中心正式揭牌", "城东新图书馆是什么时候在市中心正式揭牌的？"),
        ("城东新图书馆昨日揭牌", "“城东新图书馆昨日揭牌”是什么时候的事？"),
        ("城东新图书馆、体育馆揭牌", "“城东新图书馆、体育馆揭牌”是什么时候的事？"),
        ("加快建设城东的新图书馆③", "“加快建设城东的新图书馆”是什么时候的事？"),
    ],
)
def test_a_headline_is_made_part_of_the_question_where_that_is_safe_and_else_quoted(headline: str, question: str) -> None:
    text = "停用四年之后，图书馆4月12日重新开放，市民说这是他们等了很久的事情，大家都来看。"
    assert made(article(headline, text)) == [("when", question, "4月12日")]


@pytest.mark.parametrize(
    ("headline", "text"),
    [
        ("澜川地铁6号线一期9月28日通车", "澜川市轨道交通集团8月19日宣布，地铁6号线一期工程将于9月28日上午开通，这是全市市民等了很久的事情。"),
        ("澜川地铁6号线一期将通车", "澜川市轨道交通集团8月19日宣布，地铁6号线一期工程将于9月28日上午开通，这是全市市民等了很久的事情。"),
        ("澜川市长者食堂运营补贴实施办法（试行）", "本办法自2025年5月1日起施行，有效期两年，各区县的民政部门应当按照本办法来发放补贴，不得拖延。"),
        ("乘客可享受开通优惠票价", "9月28日至10月27日，持卡进站的乘客可以享受折扣，购买单程票的乘客不打折，这是轨道集团说的。"),
        ("The city to replace every lead pipe", "The city of Calder Falls announced on March 11, 2025, that it will dig up all of the pipes which are left in the ground for the next years."),
    ],
)
def test_no_date_is_asked_for_of_what_is_dated_is_to_come_is_a_text_or_lasts(headline: str, text: str) -> None:
    assert [kind for kind, *_ in made(article(headline, text))] == ["about"]


@pytest.mark.parametrize(
    ("headline", "text"),
    [
        ("两所学校的孩子们在一起读书", "东边的学校有352名学生，西边的学校有287名学生，他们现在在一个院子里读书，这是过去没有的事情。"),
        ("全县共有352名学生参加这次实习", "全县有352名学生参加了实习，这是过去没有的事情，老师们说，他们回来的时候都长大了，会做事了。"),
        ("学校的规模一年比一年大起来", "学校有5至10个教室，第3个教室还没有建好，1个老师也没有来，这是大家都知道的事情，他们还在等。"),
        ("Schools of the bay open again", "The schools of the bay have 352 pupils in the north and 287 pupils in the south, and it is not known for how long they will be open."),
        ("The council and the money of the bay", "The council of the bay has $3,200 dollars for the plan, which is 14 percent of what was asked, and it was in 2019 schools were shut."),
        ("Die Stadt und ihre alten Brücken", "Die Stadt ist mit 14 Brücken die erste im Land, und die Brücken sind um 12 Uhr nicht für die Autos offen, die aus dem Norden kommen."),
        ("Город и его старые мосты", "Город с его 15 мостами стоит на реке, и в 16 часов мосты закрыты для машин, которые едут с севера, это знают все."),
    ],
)
def test_a_number_is_not_asked_for_where_there_are_two_or_the_headline_says_it_or_the_words_have_another_form(
    headline: str, text: str
) -> None:
    assert made(article(headline, text)) and "how many" not in [kind for kind, *_ in made(article(headline, text))]


def test_each_article_of_an_issue_has_its_own_headline_and_one_without_is_passed_over() -> None:
    document = issue(
        ("听澜桥重新向行人开放", "停用四年之后，听澜桥4月12日重新开放，市民说这是他们等了很久的事情，大家都来看。"),
        ("", "这是没有标题的一篇，写的是3月5日的事情，说的是市里的学校和医院怎样一起过了这个冬天。"),
        ("城东图书馆昨日闭馆", "城东图书馆5月6日闭馆，市民说这是他们最不愿意看到的事情，里面的书都会搬到别的地方去。"),
    )
    assert [(kind, fact) for kind, _, fact in made(document)] == [("when", "4月12日"), ("when", "5月6日")]
    assert "城东图书馆" in made(document)[1][1]


def test_the_language_is_the_texts_and_where_that_is_not_sure_what_the_metadata_say() -> None:
    assert made(article("Kort nyt fra byen her", "Byen 12.", language="de"))[0][1] == "Was wird über „Kort nyt fra byen her“ gesagt?"
    assert made(article("大橋今日重新開放給行人", "大橋。", language="zh-TW"))[0][1].startswith("關於「大橋")


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.text(alphabet="年月日10个学生，。 aeins“”「『«\"?？Der мостовد2\n举行", min_size=1, max_size=60), min_size=2, max_size=6),
    st.sampled_from(["", "zh", "zh-Hant", "ja", "en", "es", "fr", "de", "ru", "ar", "ko", "xx"]),
)
def test_of_any_text_questions_are_short_and_facts_are_in_the_text_and_not_in_the_question(parts: list[str], language: str) -> None:
    document = article(*parts, language=language)
    for each in candidates(document):
        assert 0 <= each.start < each.end <= len(document.text) and "\n" not in each.question
        assert len(each.question) <= 110 and each.question.rstrip()[-1] in "?？؟"
        assert each.kind == "about" or document.text[each.start : each.end] not in each.question


class Told:
    """A library of these documents, and an assistant that answers as `tell` says."""

    def __init__(self, documents: Sequence[Document], tell: Callable[[str, Document, Candidate], Answer]) -> None:
        self.documents = {each.name: each for each in documents}
        self.read: list[str] = []
        self.asked: list[list[str]] = []
        self.tell = tell
        listed = [Listed(each.name, each.title, 1, len(each.text), {}) for each in documents]
        self.library = SimpleNamespace(list_documents=lambda: listed, document=self._document)

    def _document(self, name: str) -> Document | None:
        self.read.append(name)
        return self.documents[name]

    def ask_many(self, questions: Sequence[str]) -> list[Answer]:
        self.asked.append(list(questions))
        of = {each.question: (document, each) for document in self.documents.values() for each in candidates(document)}
        return [self.tell(question, *of[question]) for question in questions]


def marking(document: Document, start: int, end: int) -> Quote:
    return Quote(document.id, document.name, "", document.text, 0, len(document.text), None, (), start, end, 1.0)


def right(question: str, document: Document, of: Candidate) -> Answer:
    return Answer(question, True, 0.9, (marking(document, of.start, of.end),), (), {})


def bridges(count: int) -> list[Document]:
    return [
        article(f"{name}河上的新大桥向行人开放", f"停用四年之后，{name}河大桥{number % 12 + 1}月{number % 28 + 1}日开放，市民说这是他们等了很久的事情。", name=f"{number:02}.txt")
        for number, name in enumerate(map(chr, range(ord("一"), ord("一") + count)))
    ]  # fmt: skip


def test_questions_come_from_different_documents_asked_in_one_call_and_are_the_same_for_a_seed() -> None:
    told = Told(bridges(60), right)
    first, again, other = suggestions(told), suggestions(told), suggestions(told, seed=1)
    assert len(set(first)) == 4 and first == again and first != other
    assert [len(each) for each in told.asked] == [ASKED] * 3 and len(told.read) == 3 * ASKED
    assert len(suggestions(told, 2)) == 2 and len(told.asked[-1]) == 6
    assert len(suggestions(told, 50)) == ASKED and suggestions(told, 0) == []


def test_a_library_of_many_documents_without_headlines_is_not_read_through() -> None:
    told = Told([replace(each, title=each.name) for each in bridges(100)], right)
    assert suggestions(told) == [] and len(told.read) == DRAWN and told.asked == []


def test_an_empty_library_suggests_nothing() -> None:
    told = Told([], right)
    assert suggestions(told) == [] and told.asked == []


def test_a_library_of_one_issue_suggests_several_of_its_articles() -> None:
    paper = issue(*((each.title, each.text[len(each.title) + 2 :].strip()) for each in bridges(5)))
    found = suggestions(Told([paper], right), 3)
    assert len(found) == 3 == len({each[:2] for each in found})


def test_a_second_question_about_a_document_comes_after_the_first_about_another() -> None:
    bodies = ["停用四年之后，大桥4月12日开放，352名学生和市民一起来看，这是他们等了很久的事情。"] * 2
    told = Told([article(f"{name}上的新大桥向行人开放", each, name=name) for name, each in zip(("东河", "西河"), bodies, strict=True)], right)
    assert {each[1:3] for each in suggestions(told, 2)} == {"东河", "西河"} and len(suggestions(told)) == 4


def test_a_document_of_a_million_characters_is_not_read() -> None:
    told = Told(bridges(2), right)
    first, second = told.library.list_documents()
    told.library.list_documents = lambda: [replace(first, characters=2_000_000), second]
    assert len(suggestions(told)) == 1 and told.read == ["01.txt"]


def test_a_document_removed_meanwhile_is_passed_over() -> None:
    told = Told(bridges(3), right)
    told.library.document = lambda name: None if name == "01.txt" else told.documents[name]
    assert len(suggestions(told)) == 2


OTHER = article("另一篇", "停用四年之后，4月12日。", name="other.txt")


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (lambda q, d, of: Answer(q, False, 0.1, (), (), {}), "not answered"),
        (lambda q, d, of: replace(right(q, d, of), answered=False), "not answered"),
        (lambda q, d, of: replace(right(q, d, of), quotes=(replace(right(q, d, of).quotes[0], document="other.txt"),)), "another document"),
        (lambda q, d, of: replace(right(q, d, of), quotes=(marking(OTHER, 0, 4), *right(q, d, of).quotes)), "only the second quote"),
        (lambda q, d, of: replace(right(q, d, of), quotes=(marking(d, of.end, of.end + 5),)), "other words are marked"),
        (lambda q, d, of: replace(right(q, d, of), quotes=(marking(d, of.start, of.end - 2),)), "half of the date is marked"),
        (lambda q, d, of: replace(right(q, d, of), quotes=(replace(right(q, d, of).quotes[0], answer_start=None, answer_end=None),)), "nothing marked"),
    ],
)  # fmt: skip
def test_a_question_is_kept_only_where_the_first_quote_of_its_document_marks_the_fact(wrong: Callable[..., Answer], why: str) -> None:
    documents = bridges(3)
    assert len(suggestions(Told(documents, right))) == 3
    assert suggestions(Told(documents, wrong)) == [], why


def test_a_question_about_a_headline_is_kept_where_its_article_is_quoted_marked_or_not() -> None:
    paper = issue(
        ("禾山县医共体让病人留在县里", "这是一个山区县的故事，医生和护士说，过去病人总是往外走，现在不一样了，他们愿意留下来。"),
        ("第二篇说的是别的事情", "这是另一个山区县的故事，老师们说，过去学生总是往外走，现在不一样了，他们愿意留下来。"),
    )
    first, second = candidates(paper)

    def quoting(where: Candidate) -> Callable[..., Answer]:
        quote = Quote("d", paper.name, "", paper.text[where.start : where.end], where.start, where.end, None, (), None, None, 1.0)
        return lambda question, *_: Answer(question, True, 0.9, (quote,), (), {})

    assert suggestions(Told([paper], quoting(first))) == [first.question]
    assert suggestions(Told([paper], quoting(second))) == [second.question]
