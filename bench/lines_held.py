"""Captions, bylines and furniture as part `held` prints them. Whoever writes the repair does not look in here."""

import random
from dataclasses import dataclass

from bench.stories import Language, Stray, clauses

ROMAN = "ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩ"
PEOPLE: dict[Language, list[str]] = {
    "zh": [
        "欧阳倩",
        "孟凡宇",
        "热娜·吐尔逊",
        "邓佳",
        "蒋艳",
        "贺文彬",
        "秦廷富",
        "夏元",
        "万难",
        "卢越",
        "唐楚欣",
        "申晓佳",
        "罗芸",
    ],
    "zh-Hant": ["蔡宗翰", "許淑惠", "謝佩珊", "洪子軒", "葉曉彤", "羅志偉"],
    "ja": ["小林直樹", "加藤美咲", "吉田誠", "山本さくら", "中村健二", "松本悠"],
    "en": ["Carla Mendes", "Peter J. Novak", "Ruth Adeyemi", "H. G. Walsh", "Laura Kim", "Samuel de Witt"],
}
TITLES: dict[Language, list[str]] = {
    "zh": ["都市早报", "新城时报", "大江商报", "劳动周报"],
    "zh-Hant": ["民聲日報", "海峽晚報"],
    "ja": ["中央日日新聞", "湖南タイムス"],
    "en": ["Northern Courier", "The Morning Ledger", "COAST TRIBUNE"],
}
VIEWS: dict[Language, list[str]] = {
    "zh": [
        "列车驶过大桥",
        "居民排队领取物资",
        "工人在车间焊接零件",
        "候鸟飞临湿地",
        "老师带领孩子做游戏",
        "果农分拣橘子",
        "大坝开闸泄洪",
        "参赛选手冲过终点",
    ],
    "zh-Hant": ["遊客在老街品嚐小吃", "消防員進行演練", "新落成的圖書館", "漁船返港"],
    "ja": ["満開の桜並木", "開通した新しい橋", "祭りでにぎわう商店街", "発掘された遺跡"],
    "en": [
        "a crowd outside the courthouse",
        "the restored bridge at dusk",
        "workers clearing snow",
        "a farmer with this year's apples",
    ],
}


@dataclass
class Sheet:
    """A newspaper's pages: one way of numbering and one head for the whole file."""

    language: Language
    chance: random.Random

    def __post_init__(self) -> None:
        chance = self.chance
        self.title = chance.choice(TITLES[self.language])
        self.page, self.pages = chance.randint(1, 7), chance.choice([8, 12, 16, 24])
        self.day = chance.randint(1, 28)
        self.form, self.head_form, self.foot_form = (chance.randrange(8), chance.randrange(4), chance.randrange(5))

    def number(self) -> str:
        page = self.page
        wide = str(page).translate(str.maketrans("0123456789", "０１２３４５６７８９"))
        forms: dict[Language, list[str]] = {
            "en": [
                f"{page}",
                f"B{page}",
                f"Page {page} of {self.pages}",
                f"{page} | {self.title}",
                f"p. {page}",
                f"— {page} —",
                f"{page}/{self.pages}",
                f"{page}",
            ],
            "ja": [
                wide,
                f"{page}",
                f"（{page}）",
                f"{page}面 地域",
                f"{page}/{self.pages}",
                f"- {page} -",
                f"第{page}面",
                f"{page}",
            ],
            "zh-Hant": [
                f"{page}",
                f"A{page} 生活",
                f"第{page}頁",
                wide,
                f"{page}/{self.pages}",
                f"—{page}—",
                f"A{page}",
                f"{page}",
            ],
            "zh": [
                f"{page}",
                wide,
                f"第{page}页 共{self.pages}页",
                f"{page}/{self.pages}",
                f"—{page}—",
                f"A{page}·社会",
                f"社会新闻 {page:02}",
                f"P{page}",
            ],
        }
        return forms[self.language][self.form]

    def heads(self) -> list[str]:
        """The running head in one line or two, or none."""
        if self.language == "en":
            date = f"Oct. {self.day}, 2023"
            return [[], [f"{self.title} · {date}"], [self.title, date], [f"{date} {self.title.upper()}"]][
                self.head_form
            ]
        date = f"2023年10月{self.day}日"
        if self.language == "ja":
            return [[], [f"{self.title}　{date}"], [date, self.title], [f"{self.title} 朝刊"]][self.head_form]
        if self.language == "zh-Hant":
            return [[], [f"{self.title} {date}"], [f"{date} 星期三", self.title], [f"{date}/星期三 {self.title}"]][
                self.head_form
            ]
        return [
            [],
            [f"2023.10.{self.day:02} 星期三 {self.title}"],
            [self.title, f"{date} 星期三"],
            [f"{date}/星期三/{self.title}"],
        ][self.head_form]

    def editors(self) -> list[str]:
        """The line of editors or the telephone at the foot of some Chinese pages."""
        one, other = self.chance.choice(PEOPLE["zh"]), self.chance.choice(PEOPLE["zh"])
        forms = [
            [],
            [],
            [f"责编 {one} 美编 {other}"],
            [f"本版责编：{one} 版式：{other} 校对：{one}"],
            ["新闻热线：023-63907066"],
        ]
        return forms[self.foot_form] if self.language == "zh" else []

    def turn(self) -> list[Stray]:
        lines = [*self.editors(), self.number()]
        self.page += 1
        lines += self.heads()
        if self.form == 0 and self.chance.random() < 0.1 and self.heads():
            lines = [self.number() + self.heads()[0]]  # the digit and the head ran together
        return [Stray("furniture", line) for line in lines]

    def jumps(self) -> tuple[Stray, Stray]:
        """The lines that send a reader on, and tell him where he comes from."""
        to, back = self.page + 1, self.page
        if self.language == "en":
            forms = [
                (f"Continued on Page B{to}", f"Continued from Page B{back}"),
                (f"See STORY, Page {to}", f"From Page {back}"),
            ]
        elif self.language == "zh":
            forms = [
                (f"►下转{to}版", f"◄上接{back}版"),
                (f"（紧转第{to}版）", f"（紧接第{back}版）"),
                (f"下转A{to}版", f"上接A{back}版"),
            ]
        else:
            forms = (
                [(f"（下轉第{to}版）", f"（上接第{back}版）")]
                if self.language == "zh-Hant"
                else [(f"【{to}面に続く】", f"【{back}面から続く】")]
            )
        first, second = self.chance.choice(forms)
        return Stray("furniture", first), Stray("furniture", second)


def person(language: Language, chance: random.Random) -> str:
    return chance.choice(PEOPLE[language])


def byline(language: Language, chance: random.Random) -> Stray:
    one, other = person(language, chance), person(language, chance)
    forms: dict[Language, list[str]] = {
        "en": [
            f"by {one}",
            f"By {one} | Staff Reporter",
            f"{one.upper()}, Staff Writer",
            f"By {one}, {other} and Laura Kim",
        ],
        "ja": [f"（社会部・{one}）", f"文・{one}", f"《{one}記者》", f"（{one}、{other}）"],
        "zh-Hant": [f"【記者{one}／綜合報導】", f"文／{one}", f"撰文：{one}", f"〔記者{one}〕"],
        "zh": [
            f"■本报记者 {one}",
            f"□记者 {one} 实习生 {other}",
            f"文/本报记者 {one}",
            f"采写/{one} {other}",
            f"新城时报首席记者 {one}",
            f"（本报记者 {one}、{other}）",
            f"作者：{one}",
        ],
    }
    return Stray("byline", chance.choice(forms[language]))


def caption(language: Language, paragraphs: list[str], chance: random.Random) -> Stray:
    one, view = person(language, chance), chance.choice(VIEWS[language])
    if language == "zh" and chance.random() < 0.4:
        view = chance.choice(clauses(chance.choice(paragraphs), 9, 22) or [view])
    forms: dict[Language, list[str]] = {
        "en": [
            f"{view.capitalize()}. Photograph: {one}/Agency",
            f"{one}, center, with colleagues in the workshop",
            f"PHOTO BY {one.upper()}: {view}",
            f"Right: {view}. Courtesy of the city archive",
        ],
        "ja": [f"{view}＝10日午前、{one}撮影", f"【写真】{view}", f"取材に応じる{one}さん＝左", f"{view}（市提供）"],
        "zh-Hant": [
            f"▲{view}。（記者{one}攝）",
            f"{view}。{one}／攝影",
            f"圖說：{view}",
            f"右起為{one}、{person(language, chance)}",
        ],
        "zh": [
            f"↑{view}。新华社发",
            f"△{view}（本报资料照片）",
            f"上图：{view}。",
            f"{view}。 {one}供图",
            f"{view}（{one} 摄）",
            f"图②：{view}。 摄影/{one}",
            f"10月17日，在活动现场，{one}（左二）与居民交谈",
            f"{view}。（图据主办方）",
        ],
    }
    return Stray("caption", chance.choice(forms[language]))


def subhead(language: Language, paragraphs: list[str], number: int, chance: random.Random) -> Stray | None:
    found = clauses(chance.choice(paragraphs), 6, 18) if language == "zh" else []
    mark = chance.choice(
        ["", "", "", f"（{'一二三四五六七八'[number % 8]}）", f"{ROMAN[number % 10]} ", f"{number:02} ", "▌"]
    )
    return Stray("heading", mark + chance.choice(found)) if found else None
