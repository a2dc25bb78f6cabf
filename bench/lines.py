"""The lines of a newspaper page that are no running text, as part `tune` prints them: captions, bylines, furniture."""

import random
from dataclasses import dataclass

from bench.stories import Language, Stray, clauses

NAMES: dict[Language, tuple[list[str], list[str]]] = {
    "zh": (
        list("王李张刘陈杨赵黄周吴徐孙朱马胡郭林何"),
        ["翔", "珊", "伟明", "静", "晓东", "佳怡", "国强", "毅", "子涵", "允", "雅楠", "春海", "志远", "丽"],
    ),
    "zh-Hant": (list("王李張劉陳楊趙黃周吳徐孫"), ["志明", "淑芬", "俊傑", "雅婷", "怡君", "建宏", "美玲", "家豪"]),
    "ja": (
        ["山田", "佐藤", "鈴木", "高橋", "田中", "伊藤", "渡辺"],
        ["太郎", "花子", "一郎", "恵", "健", "真理", "大輔"],
    ),
    "en": (
        ["Jane ", "Robert ", "Alice ", "Tom ", "Mary-Ann ", "David ", "Susan "],
        ["Smith", "Miller", "Brown", "O'Neill", "Lee", "Cohen", "Garcia", "van Dyke"],
    ),
}
PAPERS: dict[Language, list[str]] = {
    "zh": ["重庆日报", "江城晚报", "北方都市报", "滨海日报", "西岭商报"],
    "zh-Hant": ["南島日報", "海港時報"],
    "ja": ["東都新聞", "北海日報"],
    "en": ["THE DAILY HERALD", "The Evening Star", "Valley Gazette"],
}
SECTIONS: dict[Language, list[str]] = {
    "zh": ["要闻", "综合", "区县", "经济", "民生"],
    "zh-Hant": ["要聞", "綜合"],
    "ja": ["社会", "総合"],
    "en": ["NEWS", "Local"],
}
SCENES: dict[Language, list[str]] = {
    "zh": [
        "市民在公园散步",
        "工作人员正在检修设备",
        "游客在景区观光",
        "农民在田间采摘蔬菜",
        "学生们在体验科技展品",
        "施工现场一片忙碌",
        "志愿者为老人理发",
        "医生在社区义诊",
        "货轮停靠在码头",
        "孩子们在图书馆阅读",
        "技术员查看机器人运行情况",
        "演员在台上表演",
    ],
    "zh-Hant": ["當地街景", "展覽現場", "民眾在廣場上合影", "工人正在修復古蹟", "學生參觀博物館", "港口一景"],
    "ja": [
        "会場を訪れた人たち",
        "修復された建物",
        "海岸を歩く家族連れ",
        "当時の様子を伝える模型",
        "記念碑の前に集まった住民",
    ],
    "en": [
        "visitors at the museum on Sunday",
        "a view of the old harbor",
        "students in the new library",
        "the main hall after its repair",
        "fishermen mending their nets",
    ],
}
WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


@dataclass
class Paper:
    """The newspaper a file is made from: its name and date, and how it numbers its pages."""

    language: Language
    chance: random.Random

    def __post_init__(self) -> None:
        chance = self.chance
        self.name = chance.choice(PAPERS[self.language])
        self.section = chance.choice(SECTIONS[self.language])
        self.month, self.day = chance.randint(1, 12), chance.randint(1, 28)
        self.page = chance.randint(1, 12)
        self.numbering = chance.randrange(7)
        self.has_head = chance.random() < 0.5

    def number(self) -> str:
        page, section = self.page, self.section
        if self.language == "en":
            forms = [f"{page}", f"- {page} -", f"A{page}", f"Page {page}", f"{page} {section}", f"{page}", f"[{page}]"]
        else:
            sheet = f"第{page}面" if self.language == "ja" else f"第{page}版"
            forms = [
                f"{page}",
                f"- {page} -",
                sheet,
                f"A{page:02}",
                f"·{page}·",
                f"{page:02} {section}",
                f"{page}{section}",
            ]
        return forms[self.numbering]

    def head(self) -> str:
        if self.language == "en":
            return f"{self.name} {WEEKDAYS[self.day % 7]}, October {self.day}, 2023"
        day = f"{self.name} 2023年{self.month}月{self.day}日"
        if self.language == "ja":
            return f"{day} {'月火水木金土日'[self.day % 7]}曜日"
        return f"{day} 星期{'一二三四五六日'[self.day % 7]}"

    def turn(self) -> list[Stray]:
        """The foot of this page and the head of the next, at times with the page number stuck to it."""
        lines = [self.number()] if self.chance.random() < 0.8 or not self.has_head else []
        self.page += 1
        if self.has_head:
            glued = str(self.page) if self.numbering == 0 and self.chance.random() < 0.15 else ""
            lines.append(glued + self.head())
        return [Stray("furniture", line) for line in lines]


def person(language: Language, chance: random.Random) -> str:
    first, second = NAMES[language]
    return chance.choice(first) + chance.choice(second)


def byline(language: Language, chance: random.Random) -> Stray:
    one, other = person(language, chance), person(language, chance)
    forms = {
        "en": [f"By {one}", f"By {one} and {other}", f"BY {one.upper()}", f"By {one}, Staff Writer"],
        "ja": [f"（{one}）", f"記者 {one}", f"【{one}】", f"{one}記者"],
        "zh-Hant": [f"記者{one}／台北報導", f"（記者 {one}）", f"本報記者 {one}"],
        "zh": [
            f"本报记者 {one}",
            f"（记者 {one}）",
            f"记者 {one} 通讯员 {other}",
            f"(记者 {one} 见习记者 {other})",
            f"本报记者 {one} {other} 文/图",
            f"{one} {other} 图片由主办方提供",
        ],
    }
    return Stray("byline", chance.choice(forms[language]))


def caption(language: Language, paragraphs: list[str], chance: random.Random) -> Stray:
    """A photo caption, told by 图为, a photographer or (右一), with or without a full stop."""
    one = person(language, chance)
    scene = chance.choice(SCENES[language])
    if language == "zh" and chance.random() < 0.5:
        scene = chance.choice(clauses(chance.choice(paragraphs), 8, 20) or [scene])
    month, day = chance.randint(1, 12), chance.randint(1, 28)
    forms = {
        "en": [
            f"{one} (left) speaks to visitors at the opening",
            f"{scene.capitalize()}. Photo by {one}",
            f"Above: {scene}. (Photo: {one})",
            f"{scene.capitalize()}. {one}/Staff",
        ],
        "ja": [
            f"{scene}＝{one}撮影",
            f"あいさつする{one}さん（右）",
            f"写真は{scene}",
            f"{scene}（{month}月{day}日、{one}撮影）",
        ],
        "zh-Hant": [
            f"圖為{scene}。記者{one}攝",
            f"{one}（左二）出席活動",
            f"圖為{scene}。（{one}攝）",
            f"▲{scene}。圖／{one}攝",
        ],
        "zh": [
            f"图为{scene}。记者 {one} 摄",
            f"图为{scene}。（资料图片）",
            f"{chance.choice(['区农业专班顾问', '村党支部书记', '该校教师', '公司负责人', ''])}{one}(右一)"
            f"{chance.choice(['进行技术指导', '正在向游客介绍展品', '查看蔬菜长势', '与学生交流'])}",
            f"▲{scene}。 {one} 摄",
            f"{scene} 本报记者 {one} 摄/视觉重庆",
            f"{month}月{day}日，{scene}。新华社记者 {one} 摄",
            f"{scene}(受访者供图)",
        ],
    }
    return Stray("caption", chance.choice(forms[language]))


def subhead(language: Language, paragraphs: list[str], number: int, chance: random.Random) -> Stray | None:
    """A line over a part of a story, of its own words; only Chinese stories have them."""
    found = clauses(chance.choice(paragraphs), 6, 16) if language == "zh" else []
    prefix = chance.choice(["", "", f"{'一二三四五六七八'[number]}、", "◆"])
    return Stray("heading", prefix + chance.choice(found)) if found else None
