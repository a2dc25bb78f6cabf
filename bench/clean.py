"""Clean text that must come out as it went in: the part `clean`.

Prose (one story a file, each paragraph a line) and everything that looks like wrapped or cut print and is not: lists,
verse, tables, addresses, dialogue, facts a line, headlines a line, chat, subtitles, letters, numbers, code.
"""

import random
from collections.abc import Callable, Iterator

from bench.lines import SCENES, person
from bench.stories import Gold, Language, Story, clauses, draw, headline

POEMS = [
    ("静夜思", "李白", "床前明月光，疑是地上霜。\n举头望明月，低头思故乡。"),
    ("登鹳雀楼", "王之涣", "白日依山尽，黄河入海流。\n欲穷千里目，更上一层楼。"),
    ("早发白帝城", "李白", "朝辞白帝彩云间，\n千里江陵一日还。\n两岸猿声啼不住，\n轻舟已过万重山。"),
    ("春晓", "孟浩然", "春眠不觉晓\n处处闻啼鸟\n夜来风雨声\n花落知多少"),
    (
        "再别康桥（节选）",
        "徐志摩",
        "轻轻的我走了，\n正如我轻轻的来；\n我轻轻的招手，\n作别西天的云彩。\n\n"
        "那河畔的金柳，\n是夕阳中的新娘；\n波光里的艳影，\n在我的心头荡漾。",
    ),
    (
        "The Tyger",
        "William Blake",
        "Tyger Tyger, burning bright,\nIn the forests of the night;\nWhat immortal hand or eye,\n"
        "Could frame thy fearful symmetry?\n\nIn what distant deeps or skies,\nBurnt the fire of thine eyes?\n"
        "On what wings dare he aspire?\nWhat the hand, dare seize the fire?",
    ),
    ("古池", "松尾芭蕉", "古池や\n蛙飛び込む\n水の音"),
]
SPEECH = [
    "“你吃饭了吗？”",
    "“还没有，刚下班。”",
    "“那一起去吧。”他说。",
    "她笑了笑，没有回答。",
    "“今天的会几点开？”小李问。",
    "“九点半，在三楼。”",
    "“好。”",
    "老人抬起头，看了看窗外：“要下雨了。”",
    "“我不去了，”她低声说，“你们去吧。”",
    "“为什么？”",
    "“没有为什么。”",
    "两个人都沉默了。",
]
CHAT = [
    "好的",
    "收到",
    "明天几点",
    "文件发你邮箱了",
    "哈哈哈",
    "我看一下再回复你",
    "不着急",
    "那就这么定了",
    "周五可以吗",
    "在吗",
    "可以，没问题！",
]
CITIES = [
    ("重庆市", "渝中区人民路"),
    ("上海市", "静安区南京西路"),
    ("成都市", "锦江区红星路"),
    ("杭州市", "西湖区文三路"),
]
CODE = [
    "def add(a, b):",
    "    return a + b",
    "",
    "for i in range(10):",
    "    print(i, add(i, 1))",
    "if __name__ == '__main__':",
    "    main()",
    "SELECT name, city FROM people",
    "WHERE age > 30",
    "ORDER BY name;",
]
PROSE: list[tuple[Language, str, str]] = [
    ("zh", "\n\n", ""),
    ("zh", "\n", ""),
    ("zh", "\n", "　　"),
    ("ja", "\n", "　"),
    ("ja", "\n\n", ""),
    ("zh-Hant", "\n\n", ""),
    ("en", "\n\n", ""),
    ("en", "\n", ""),
]


def issues(count: int, seed: int) -> Iterator[tuple[str, Gold]]:
    """`count` files, half of them prose. Only prose has a story in its gold: the other kinds have no paragraphs."""
    chance = random.Random(seed)
    for _ in range(count):
        if chance.random() < 0.5:
            yield prose(*chance.choice(PROSE), chance)
        else:
            name = chance.choice(list(OTHER))
            yield OTHER[name](chance), Gold(f"clean {name}", "zh", ())


def prose(language: Language, gap: str, indent: str, chance: random.Random) -> tuple[str, Gold]:
    """A headline, a blank line, and whole paragraphs; Chinese stories at times with a lead that ends in a colon."""
    title, paragraphs = draw(language, False, chance)
    title = title or headline(paragraphs, chance)
    if language == "zh" and chance.random() < 0.2:
        paragraphs.insert(
            1, chance.choice(["他提出了三点建议：", "记者在现场看到：", "全文如下：", "对此，专家这样说——"])
        )
    name = f"clean prose {language}" + {"\n\n": "", "\n": ", a line each"}[gap] + (", indented" if indent else "")
    text = title + "\n\n" + gap.join(indent + each for each in paragraphs) + "\n"
    return text, Gold(name, language, (Story(title, tuple(paragraphs)),))


def verse(chance: random.Random) -> str:
    return "\n\n\n".join("\n".join(poem[:2]) + "\n\n" + poem[2] for poem in chance.sample(POEMS, chance.randint(1, 3)))


def numbered_list(chance: random.Random) -> str:
    """A numbered or bulleted list of phrases or sentences, with or without blank lines."""
    mark = chance.choice(["{}. ", "{}、", "（{}）", "- ", "• ", "{}) "])
    gap = chance.choice(["\n", "\n", "\n\n"])
    items = _phrases(chance, chance.randint(5, 12), 6, 30)
    end = chance.choice(["", "；", "。"])
    return "注意事项\n\n" + gap.join(mark.format(number) + each + end for number, each in enumerate(items, 1))


def table(chance: random.Random) -> str:
    rows = ["地区\t数量\t比例\t备注"]
    rows += [
        f"{city}\t{chance.randint(1, 9999)}\t{chance.random() * 100:.1f}%\t{chance.choice(['', '同比', '估计值'])}"
        for city, _ in chance.choices(CITIES, k=chance.randint(5, 20))
    ]
    return "\n".join(rows) + "\n"


def addresses(chance: random.Random) -> str:
    blocks = []
    for _ in range(chance.randint(2, 5)):
        city, street = chance.choice(CITIES)
        number = chance.randint(1, 99)
        if chance.random() < 0.3:
            blocks.append(f"{person('en', chance)}\n{number} Mill Lane\nSpringfield, IL 627{number:02}\nUSA")
        else:
            blocks.append(
                f"{person('zh', chance)} 收\n{city}{street}{number}号\n邮编 {chance.randint(100000, 700000)}\n"
                f"电话 023-{chance.randint(10000000, 89999999)}"
            )
    return "\n\n".join(blocks)


def dialogue(chance: random.Random) -> str:
    return chance.choice(["\n", "\n\n"]).join(chance.choices(SPEECH, k=chance.randint(8, 20)))


def facts(chance: random.Random) -> str:
    """名称：值, a line each; the values of many widths, none with a full stop."""
    city, street = chance.choice(CITIES)
    lines = [
        f"公司名称：{city}{chance.choice(['远山', '长河', '星海'])}科技有限公司",
        f"法定代表人：{person('zh', chance)}",
        f"注册资本：{chance.randint(1, 99) * 100}万元",
        f"成立日期：20{chance.randint(10, 23)}年{chance.randint(1, 12)}月{chance.randint(1, 28)}日",
        f"住所：{city}{street}{chance.randint(1, 300)}号",
        "经营范围：软件开发、技术咨询、数据处理服务",
        f"联系电话：023-{chance.randint(10000000, 89999999)}",
        f"员工人数：{chance.randint(20, 900)}人",
        "电子邮箱：info@example.com",
        "营业时间：周一至周五 9:00-17:30",
    ]
    return "\n".join(chance.sample(lines, chance.randint(5, 10))) + "\n"


def headlines(chance: random.Random) -> str:
    """An index of headlines, a line each: no stops, widths much alike."""
    return "今日导读\n\n" + "\n".join(_phrases(chance, chance.randint(6, 14), 10, 22))


def chat(chance: random.Random) -> str:
    names = [person("zh", chance) for _ in range(2)]
    start = chance.randint(8, 20)
    lines = [
        f"{start}:{minute:02} {chance.choice(names)}：{chance.choice(CHAT)}" for minute in range(chance.randint(8, 25))
    ]
    return "\n".join(lines)


def subtitles(chance: random.Random) -> str:
    parts = []
    for number, each in enumerate(_phrases(chance, chance.randint(5, 12), 6, 16), 1):
        parts.append(f"{number}\n00:00:{number * 4:02},000 --> 00:00:{number * 4 + 3:02},500\n{each}")
    return "\n\n".join(parts) + "\n"


def letter(chance: random.Random) -> str:
    _, paragraphs = draw("zh", False, chance)
    body = "\n\n".join(paragraphs[:2])
    name, day = person("zh", chance), f"2023年{chance.randint(1, 12)}月3日"
    return f"尊敬的{person('zh', chance)}先生：\n\n您好！\n\n{body}\n\n此致\n敬礼！\n\n{name}\n{day}"


def numbers(chance: random.Random) -> str:
    """Readings, a line each: they look like page numbers, and are the text."""
    start = chance.randint(1, 60)
    return "\n".join(
        str(start + step if chance.random() < 0.8 else chance.randint(1, 99)) for step in range(chance.randint(5, 20))
    )


def questions(chance: random.Random) -> str:
    pairs = zip(_phrases(chance, 6, 8, 18), _phrases(chance, 6, 14, 40), strict=False)
    return "\n\n".join(f"问：{question}吗？\n答：{answer}。" for question, answer in pairs)


def code(chance: random.Random) -> str:
    start = chance.randint(0, 4)
    return "\n".join(CODE[start : start + 6]) + "\n"


def scenes(chance: random.Random) -> str:
    """A picture list: the number of a picture and what it shows."""
    return "\n".join(f"图{number} {each}" for number, each in enumerate(chance.sample(SCENES["zh"], 6), 1))


def emails(chance: random.Random) -> str:
    """A short English mail whose lines end where the writer wished."""
    name = person("en", chance)
    return (
        f"Hi {name},\n\nthanks for the quick reply.\nSee you on {chance.choice(['Monday', 'Friday'])} then!\n\n"
        f"Best wishes\n{person('en', chance)}\n\n--\nValley Books\n12 High Street\nOpen daily 9-5\n"
    )


def _phrases(chance: random.Random, count: int, least: int, most: int) -> list[str]:
    """Clauses of as many stories."""
    found: list[str] = []
    while len(found) < count:
        possible = clauses(" ".join(draw("zh", False, chance)[1]), least, most)
        if possible:
            found.append(chance.choice(possible))
    return found


OTHER: dict[str, Callable[[random.Random], str]] = {
    "verse": verse,
    "list": numbered_list,
    "table": table,
    "addresses": addresses,
    "dialogue": dialogue,
    "facts": facts,
    "headlines": headlines,
    "chat": chat,
    "subtitles": subtitles,
    "letter": letter,
    "numbers": numbers,
    "questions": questions,
    "code": code,
    "pictures": scenes,
    "mail": emails,
}
