"""How each language asks what is said about a headline, when it happened and how many there were.

A language's row in `WORDINGS` has its questions, and the patterns of the dates and counts that answer them.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Wording:
    """How one language asks: `{it}` is the headline, its own quotation marks replaced as `inner` says.

    Of `many` the first whose pattern begins the `{things}` counted asks for them.
    """

    about: str
    inner: Mapping[str, str]
    when: str = ""
    many: tuple[tuple[str, str], ...] = ()
    dates: str = ""
    counts: str = ""


NUMBER = r"(?<![\d第/$€£¥%~～—–-]|\d[.,，．]|\d\p{Han}?[至到]|\d )(?!1(?![\d.,，．\u00a0\u202f]))\d+(?:[.,，．\u00a0\u202f]\d+)*"
YEAR = r"(?:1[5-9]|20)\d\d(?!\d|[.,]\d)"
# Between spaces, four digits may be a year, of which the next word is not the thing counted.
APART = f"(?!{YEAR}){NUMBER}"
DAY = r"(?<![\d.,])\d{1,2}"
# A span of time is no date of anything that happened.
HAN_DATES = (
    r"(?<![\d至到—–~-])(?>(?:\d{4}年)?\d{1,2}月\d{1,2}[日号號]|\d{4}年(?:\d{1,2}月)?)"
    r"(?!\s*(?:[至到~～—–-]|以来|以來|前|后|後|度|版|から|まで|以降|時点))"
)
EN_MONTHS = "(?:January|February|March|April|May|June|July|August|September|October|November|December)"
ES_MONTHS = "(?:enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre)"
FR_MONTHS = "(?:janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre)"
DE_MONTHS = "(?:Januar|Jänner|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember)"
RU_MONTHS = "(?:января|февраля|марта|апреля|мая|июня|июля|августа|сентября|октября|ноября|декабря)"
AR_MONTHS = (
    "(?:يناير|فبراير|مارس|أبريل|إبريل|مايو|يونيو|يوليو|أغسطس|سبتمبر|أكتوبر|نوفمبر|ديسمبر|كانون الثاني|شباط|آذار|نيسان|أيار|حزيران|تموز|آب"
    "|أيلول|تشرين الأول|تشرين الثاني|كانون الأول|جانفي|فيفري|أفريل|جوان|جويلية|أوت|يناير|غشت|شتنبر|نونبر|دجنبر)"
)
# Things stand in the form that the question needs; patterns are content to miss where a word's form is not plain.
EN_COUNTS = (
    rf"{APART} (?P<things>(?!(?:of|per|in|and|to|or|by|the|a|at|from|for|its?|his|as|was|has|is|days?|hours?|percent)\b)"
    r"(?:(?!(?:of|per|in|and|to|or|by|from|for)\b)[a-z]+ )?(?!(?:was|has|its|is|his|this|does)\b)[a-z]+[a-rtv-z]s)"
    r"(?=[.,;:!?)]|$| (?:in|of|at|for|from|with|and|by|on|to|were|are|have|had|will|would|that|who|which|since|over|across|during)\b)"
)
ES_COUNTS = rf"{APART} (?P<things>(?!\p{{L}}*(?:mas|istas|días|manos|fotos|motos|radios|euros|horas|grados)\b)\p{{Ll}}{{2,}}[oa]s)\b"
FR_COUNTS = rf"{APART}[ \u00a0\u202f](?P<things>(?!(?:dans|mais|pas|plus|moins|sous|vers|fois|heures|euros|mars|h[aé])\b)(?!h[aé](?!b))\p{{Ll}}{{3,}}[sx])\b"
DE_COUNTS = (
    rf"(?<!\b(?i:mit|von|aus|bei|nach|zu|seit|in|an|auf|unter|vor|über|zwischen|den|der|dem|rund|gegen|um) ){APART} "
    rf"(?P<things>(?!{DE_MONTHS}|Uhr|Prozent|Grad|Euro|Mark|Dollar|Franken|Million|Milliarde|Tausend)\p{{Lu}}\p{{Ll}}{{2,}})\b"
)
RU_COUNTS = (
    rf"(?<![\d.,])(?!{YEAR})\d*(?:[05-9]|1[1-4]) (?P<things>(?:\p{{Ll}}+[ыи]х )?(?!{RU_MONTHS}|процент|часов|минут|тысяч|млн|миллион|рублей|или\b|для\b)"
    r"\p{Ll}+[бвгджзйклмнпрстфхцчшщь](?<!ам|ям|ах|ях|ом|ем|год))(?!\p{L})"
)  # fmt: skip
AR_COUNTS = rf"(?!10\b){APART}(?<=\d\d) (?P<things>(?!ال|بال|لل|سنة|ساعة|مئة|مائة)[\u0621-\u064a]{{2,}}ة)(?![\u0621-\u064a])"
JA_COUNTS = rf"{NUMBER}[万億]?(?P<things>(?:人|校|社|台|棟|件|枚|戸|隻|冊|店|[カか]所|路線|キロ|メートル|トン|ヘクタール|種類|時間|分間|日間))(?![目分階\p{{Katakana}}])"
# The thing that a counter counts follows it (`_counted` in suggestions.py); a measure needs none.
ZH_COUNTS = (
    rf"{NUMBER}[余餘多]?[万萬亿億]?[余餘多]?(?P<things>(?:公里|千米|平方米|平方公里|公顷|公頃|亩|畝|吨|噸|[个個名位家座条條项項辆輛艘张張所处處户戶只隻台棵栋棟间間套口盏盞]))(?!左右|以[上下内內])"
)

CURLY = {"“": "‘", "”": "’", '"': "'"}
ANGLED = {"«": "“", "»": "”", '"': "'"}
CORNERED = {"「": "『", "」": "』"}
WORDINGS = {
    "zh": Wording("关于“{it}”，都说了些什么？", CURLY, "“{it}”是什么时候的事？", (("", "“{it}”提到多少{things}？"),), HAN_DATES, ZH_COUNTS),
    "zh-Hant": Wording("關於「{it}」，都說了些什麼？", CORNERED, "「{it}」是什麼時候的事？", (("", "「{it}」提到多少{things}？"),), HAN_DATES, ZH_COUNTS),
    "ja": Wording("「{it}」について何と書かれていますか？", CORNERED, "「{it}」はいつのことですか？",
                  (("", "「{it}」の記事では何{things}とありますか？"),), HAN_DATES, JA_COUNTS),
    "en": Wording("What is said about “{it}”?", CURLY, "When did this happen: “{it}”?", (("", "How many {things} are mentioned in “{it}”?"),),
                  rf"{EN_MONTHS} \d{{1,2}}(?!\d|,\d)(?:,? {YEAR})?|{DAY} {EN_MONTHS}(?: {YEAR})?|{EN_MONTHS} {YEAR}|(?<=\b[Ii]n ){YEAR}", EN_COUNTS),
    "es": Wording("¿Qué se dice sobre «{it}»?", ANGLED, "¿Cuándo ocurrió esto: «{it}»?",
                  ((r"\p{L}+as\b", "¿Cuántas {things} se mencionan en «{it}»?"), ("", "¿Cuántos {things} se mencionan en «{it}»?")),
                  rf"{DAY} de {ES_MONTHS}(?: del? {YEAR})?|{ES_MONTHS} de {YEAR}|(?<=\b[Ee]n ){YEAR}", ES_COUNTS),
    "fr": Wording("Que dit-on de « {it} » ?", ANGLED, "Quand cela s’est-il passé : « {it} » ?",
                  (("[aeiouyàâéèêîïôœh]", "De combien d’{things} est-il question dans « {it} » ?"),
                   ("", "De combien de {things} est-il question dans « {it} » ?")),
                  rf"(?:1er|{DAY}) {FR_MONTHS}(?: {YEAR})?|{FR_MONTHS} {YEAR}|(?<=\b[Ee]n ){YEAR}", FR_COUNTS),
    "de": Wording("Was wird über „{it}“ gesagt?", {"„": "‚", "“": "‘", '"': "'"}, "Wann war das: „{it}“?",
                  (("", "Wie viele {things} werden in „{it}“ genannt?"),),
                  rf"{DAY}\. {DE_MONTHS}(?: {YEAR})?|{DE_MONTHS} {YEAR}|(?<=\b[Ii]m Jahr(?:e)? ){YEAR}", DE_COUNTS),
    "ru": Wording("О чём говорится в статье «{it}»?", {"«": "„", "»": "“", '"': "'"}, "Когда это было: «{it}»?",
                  (("", "Сколько {things} упоминается в статье «{it}»?"),),
                  rf"{DAY} {RU_MONTHS}(?: {YEAR})?|{YEAR}(?= (?:году|года|г\.))", RU_COUNTS),
    "ar": Wording("ماذا قيل عن «{it}»؟", ANGLED, "متى حدث هذا: «{it}»؟", (("", "كم {things} ذُكرت في «{it}»؟"),),
                  rf"{DAY} (?:من )?(?:شهر )?{AR_MONTHS}(?:[ /]+{AR_MONTHS})?(?: (?:عام |سنة )?\d{{4}})?|(?<=(?:عام|سنة) )\d{{4}}", AR_COUNTS),
    "pt": Wording("O que se diz sobre “{it}”?", CURLY),
    "it": Wording("Che cosa si dice di «{it}»?", ANGLED),
    "ko": Wording("“{it}”에 대해 무엇이라고 하나요?", CURLY),
}  # fmt: skip
# A language whose words we do not have: the headline asks for itself.
UNKNOWN = Wording("{it}?", {})
