"""Lines of a page that are no running text, by what they say: page furniture, captions, bylines.

Patterns in the languages whose papers we know; a line that none of them matches is told by its
place alone (corpus/units.py).
"""

import re

HAN = "\u3400-\u9fff"
KANA = "\u3040-\u30ff"

# -- page furniture: page numbers, running heads, lines that lead from page to page

MARK = r"[-—–―·•・.|｜*~～_=/\\:：«»<>《》\[\]〔〕【】()（）▲△▼▽◀▶►◇◆■□※→←↑↓>＞\s]"
NUMBER = r"(?:\d{1,3}|[０-９]{1,3}|[一二三四五六七八九十百〇零]{1,4})"
PAGE_WORD = r"(?:版|页|頁|面|ページ|쪽|면)"
SECTION = rf"[{HAN}{KANA}]{{1,6}}(?:[·・/\s][{HAN}{KANA}]{{1,6}}){{0,2}}(?:新闻|新聞|版|周刊)?"
FURNITURE = re.compile(
    rf"{MARK}*(?:\d{{1,3}}|[０-９]{{1,3}}){MARK}*$"
    rf"|{MARK}+\d{{4}}{MARK}+$"
    rf"|{MARK}*第?\s*{NUMBER}\s*{PAGE_WORD}{MARK}*(?:{SECTION})?{MARK}*$"
    rf"|{MARK}*(?:版次|页码|頁碼)\s*[:：]?\s*[A-Z]?\d{{1,3}}{MARK}*$"
    rf"|{MARK}*[A-Z]{{1,2}}[-\s]?\d{{1,3}}\s*{PAGE_WORD}?{MARK}*(?:{SECTION})?{MARK}*$"
    rf"|{MARK}*\d{{1,3}}{MARK}*{SECTION}{MARK}*$"
    rf"|{MARK}*{SECTION}{MARK}*[A-Z]?\d{{1,3}}\s*{PAGE_WORD}?{MARK}*$"
    rf"|{MARK}*共\s*\d+\s*[版页頁]{MARK}*$"
    rf"|{MARK}*(?:p(?:age|g)?|no|seite|s|p[áa]gina?|p[áa]g|стр(?:аница)?|с|صفحة|עמוד)\.?\s*[A-Z]?\d{{1,4}}(?:\s*(?:of|/|von|de|из|من)\s*\d{{1,4}})?{MARK}*$"
    rf"|{MARK}*\d{{1,4}}\s*(?:of|/|von|de|из)\s*\d{{1,4}}{MARK}*$",
    re.I,
)
# NEWS | A5, 5 SPORTS: a page and one or two words in capitals.
LATIN_SECTION = re.compile(
    rf"{MARK}*(?:[A-Z]{{0,2}}\d{{1,3}}{MARK}+[A-ZÀ-Þ][\w&'’]*(?:\s[A-ZÀ-Þ&][\w&'’]*){{0,3}}|[A-ZÀ-Þ][\w&'’]*(?:\s[A-ZÀ-Þ&][\w&'’]*){{0,3}}{MARK}+[A-Z]{{0,2}}\d{{1,3}}){MARK}*$"
)
JUMP = re.compile(
    rf"{MARK}*(?:(?:下|上|紧|緊)(?:转|轉|接)|转|轉|接)\s*(?:第?\s*[A-Z]?{NUMBER}\s*{PAGE_WORD}|[A-Z]?\d{{1,3}})[^，。]{{0,8}}$"
    rf"|{MARK}*(?:详见|詳見|相关报道见|更多报道见|导读见|本文见)\s*(?:第?\s*)?[A-Z]?{NUMBER}\s*{PAGE_WORD}[^，。]{{0,8}}$"
    rf"|{MARK}*(?:\d{{1,2}}|[０-９]{{1,2}}|[一二三四五六七八九十]{{1,2}})面(?:に続く|へ続く|から続く|に関連記事|に関連){MARK}*$"
    rf"|{MARK}*(?:関連記事|関連|解説|続き)\s*(?:は|を)?\s*(?:\d{{1,2}}|[０-９]{{1,2}}|[一二三四五六七八九十]{{1,2}})面(?:に|へ)?{MARK}*$"
    rf"|{MARK}*see\s+[A-Z][A-Z &-]{{2,24}},?\s*(?:page\s*)?[A-Z]?\d{{1,3}}{MARK}*$|{MARK}*[A-Z][A-Z &-]{{2,24}}\s*[,/|]\s*(?:continued\s+)?(?:from|on)\b[^.]{{0,14}}\d{{1,3}}{MARK}*$"
    rf"|{MARK}*(?:continued|cont[’']?d|turn|see|from|please see|story|more)\b[^.。]{{0,40}}\b(?:page|p\.|pg\.?|on|from)\s*\w{{0,3}}\d{{0,3}}{MARK}*$"
    rf"|{MARK}*(?:fortsetzung|continúa|sigue|viene|suite|lire|segue|продолжение|окончание|начало|siehe|ver)\b[^.]{{0,40}}\d{{1,3}}{MARK}*$",
    re.I,
)
MONTHS = (
    "january|february|march|april|may|june|july|august|september|october|november|december|januar|jänner|februar|märz|mai|juni|juli"
    "|oktober|dezember|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre|janvier|février|mars"
    "|avril|juin|juillet|août|septembre|octobre|novembre|décembre|января|февраля|марта|апреля|мая|июня|июля|августа|сентября|октября"
    "|ноября|декабря|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec"
)
WEEKDAYS = (
    "(?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:mon|tues?|wed|thurs?|fri|sat|sun)\\.?,|(?:montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag)"
    "|(?:lunes|martes|miércoles|jueves|viernes|sábado|domingo)|(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)"
    "|(?:понедельник|вторник|среда|четверг|пятница|суббота|воскресенье)"
)
DATED = re.compile(
    r"(?:(?:\d{4}|[二一][〇○零一二三四五六七八九]{3}|(?:令和|平成|昭和|民國|民国)[\d元]{1,3})\s*[年./-](?:[（(][^）)]{2,8}[）)])?\s*(?:\d{1,2}|[一二三四五六七八九十]{1,3})\s*[月./-]\s*(?:\d{1,2}|[一二三四五六七八九十]{1,3})\s*[日号號]?(?:[（(][日一二三四五六月火水木金土][）)])?"
    r"|星期[一二三四五六日天]|周[一二三四五六日]|週[一二三四五六日]|[月火水木金土日]曜日?|礼拜[一二三四五六日]"
    rf"|\b(?:{WEEKDAYS})\b|\b(?:{MONTHS})\.?\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}}|\b\d{{1,2}}\.?\s+(?:de\s+)?(?:{MONTHS})\.?,?\s+(?:de\s+)?\d{{4}}"
    r"|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b|(?:农历|農曆|夏历)[\u4e00-\u9fff]{2,10}|(?:总第?|第)\s*\d+\s*[期号號]|今日\s*\d+\s*版|\d{1,2}月\d{1,2}日"
    r"|\bvol(?:ume)?\.?\s*[\dIVXLC]+|\bno\.?\s*\d+|\bnr\.?\s*\d+|\bissue\s*\d+|国内统一(?:连续出版物|刊)号[^，。]{0,20}|邮发代号[^，。]{0,12})",
    re.I,
)
PAPER = re.compile(
    r"(?:日报|日報|晚报|晚報|早报|早報|晨报|晨報|时报|時報|商报|商報|周报|週報|周刊|週刊|导报|都市报|快报|法制报|青年报|学习时报|新闻|新聞|通信|通讯"
    r"|times|post|news|daily|herald|gazette|tribune|chronicle|journal|courier|star|observer|guardian|telegraph|sentinel|examiner|record|dispatch|press"
    r"|zeitung|tagblatt|anzeiger|diario|periódico|gaceta|correo|газета|вестник|правда|известия)",
    re.I,
)
NAMED = re.compile(rf"{PAPER.pattern}\b|{PAPER.pattern}\s", re.I)
ONLY_PAPER = re.compile(rf"(?:[\u3400-\u9fff]{{2,5}}(?:日报|日報|晚报|晚報|早报|早報|晨报|晨報|时报|時報|商报|商報|周报|週報|都市报|青年报|新聞|新闻)|THE (?:[A-Z]+ ){{0,3}}{PAPER.pattern}S?)$", re.I)
# What no name of a paper holds, and running text nearly always does.
RUNNING = re.compile("[ぁ-のはをに-ん]|[在于至到从的了将据被为是由]|\\b(?:the|at|in|on|was|is|were|by) ")
CONTACT = re.compile(
    r"(?:热线|熱線|电话|電話|传真|邮编|郵編|邮箱|网址|地址|投稿|报料|e-?mail|tel|fax)\s*[:：]|https?://|www\.|@[\w-]+\.\w", re.I
)
STAFF = re.compile(
    rf"{MARK}*(?:本版|值班|执行|责任|責任|版式|图片|首席|视觉|文字|组版)?\s*(?:责任编辑|責任編輯|责编|責編|主编|編輯|编辑|美编|美編|校对|校對|排版|组版|审校|检校|制图|版面设计|视觉|编委)\s*[:：/／|｜丨\s]\s*[{HAN}\s、/：:|｜丨]{{2,50}}$"
)

# -- captions

CAPTION_START = re.compile(
    r"\s*(?:[▲△▼▽◀▶◤◥]\s*\S|[↑↓←→●◆]?\s*(?:图为|圖為|图[①-⑳\d一二三四五六七八九十]{0,3}\s*[：:]|圖[①-⑳\d]{0,3}[：:]|[上下左右大小题][图圖][：:为為]?|本版图片|资料图|資料圖|图片说明|圖片說明|[图圖]说|照片[：:]|【写真】|写真[：:＝=・①-⑳]|写真は|〔写真|图\d+\s"
    r"|(?:photo|picture|pictured|image|figure|fig|foto|bild|фото|imagen|photographie|صورة)\b\s*\d*\s*[:：.—–|]|(?:above|below|left|right|top|bottom|from left|clockwise|left to right|from top)\s*[:,]\s))",
    re.I,
)
CREDITS = r"(?:图片|照片|写真|资料图?|示意图|効果图|摄|攝|摄影|攝影|摄影报道|供图|供圖|提供|图|翻拍|制图|绘|漫画|发)"
CAPTION_END = re.compile(
    rf"(?:(?:记者|記者|通讯员|特派員|作者|[／/\s）)。]|^)[^，。]{{0,24}}(?:摄|攝|摄影|攝影|摄影报道|供图|供圖)(?:\s*[/／]\s*\S{{2,10}})?|[（(][^（）()]{{0,24}}{CREDITS}|[／/]\s*{CREDITS}"
    rf"|(?:摄影|攝影|供图|图片来源|图源|来源|制图|漫画|图|摄|视觉)\s*[:：/／｜|丨]\s*\S{{2,16}}|(?:图源|图片来源|摄影|制图)\s+\S{{2,12}}|(?:资料图片?|资料照片|资料写真|資料写真|示意图|效果图)"
    r"|[＝=][^。]{1,60}(?:撮影|提供|写す)|[＝=]\s*(?:共同|時事|ロイター|AFP時事|AP|UPI|新華社)|(?:撮影|写真提供)|(?:^|[\s。）)])[（(]?(?:新华社|新華社|中新社|视觉中国|IC photo|CFP|法新社?|路透社?|美联社?|共同社)[^，。]{0,10}(?:发|供图|图|图片|传真|摄)"
    r"|\b(?:photo(?:graph)?|picture|foto|image|credit|courtesy|photos?)s?\s*(?:by|:|von|de|of|courtesy of|\|)\s[^.]{1,40}"
    r"|[/／|]\s*(?:staff|ap|afp|epa|efe|dpa|ansa|reuters|getty(?: images)?|xinhua|tass|bloomberg|pool|handout|file)(?: photo)?"
    r"|[.!?]\s+[A-Z][\w.'’ -]{3,30}\s*[/|]\s*(?:[A-Z][\w.'’]*\s?){1,4}|\([A-Z][\w.'’ -]{3,30}\s*[/|]\s*[A-Z][\w.'’ ]{1,30}|\b(?:[A-Z][\w'’.]+\s){1,3}photo"
    r"|\((?:photo|courtesy|file photo|ap|afp|reuters|getty|efe|foto)[^)]{0,40}|(?:file|ap|afp|staff|handout|courtesy)\s*photo(?:/[\w. ]{2,30})?)\s*[)）】〕。.]?$",
    re.I,
)
CAPTION_INSIDE = re.compile(
    r"[（(](?:[左右前后後中上下](?:[一二三四五六七八九十\d]|排[^）)]{0,4})?|[左右]起[^）)]{0,4}|居中|从左至右|左から[^）)]{0,6}|[左右中]端?|資料写真|资料图片?|資料照片?"
    r"|(?:far |second from |third from |at |in )?(?:left|right|cent(?:er|re))|links|rechts|izquierda|derecha|izq\.?|der\.?|(?:à )?gauche|(?:à )?droite|слева|справа|في الوسط|يمين|يسار)[）)]"
    r"|,\s*(?:left|right|center|centre|second from (?:left|right)),\s",
    re.I,
)

# -- bylines

TITLES = "本报本報本刊本台本网新华社新華社中新社"
ROLE = (
    r"(?:(?:本[报報刊台网社]|新华社|新華社|中新社|全媒体|融媒体|首席|见习|見習|特约|特約|实习|實習|资深|高级|驻[\u4e00-\u9fff]{2,6}|记者站|文字|摄影)\s*)*"
    r"(?:记者|記者|通讯员|通訊員|评论员|評論員|特派员|特派員|撰稿人|撰稿|编译|实习生|實習生|研究员|主笔|首席)"
)
NAMES = rf"[{HAN}·]{{2,4}}(?:[\s、，　]+[{HAN}·]{{2,4}}){{0,7}}"
SURNAMES = "王李张張刘劉陈陳杨楊赵趙黄黃周吴吳徐孙孫胡朱高林何郭马馬罗羅梁宋郑鄭谢謝韩韓唐冯馮于董萧蕭程曹袁邓鄧许許傅沈曾彭吕呂苏蘇卢盧蒋蔣蔡贾賈丁魏薛叶葉阎閻余潘杜戴夏锺鍾钟鐘汪田任姜范方石姚谭譚廖邹鄒熊金陆陸郝孔白崔康毛邱秦江史顾顧侯邵孟龙龍万萬段雷钱錢汤湯尹黎易常武乔喬贺賀赖賴龚龔文庞龐樊兰蘭殷施陶洪翟安颜顏倪严嚴牛温溫芦季俞章鲁魯葛伍韦韋申尤毕畢聂聶丛叢焦向柳邢路岳齐齊沿梅莫庄莊辛管祝左涂谷祁时時舒耿牟卜詹关關苗凌费費纪紀靳盛童欧歐甄项項曲成游阳陽裴席卫衛查屈鲍鮑位覃霍翁隋植甘景薄单單包司柏宁寧柯阮桂闵閔解强強柴华華车車冉房边邊"
NAME = rf"[{SURNAMES}][{HAN}]{{1,2}}"
BYLINE = re.compile(
    rf"[（(【\[■□◆◎●○▲]?\s*{ROLE}\s*[:：/／|丨]?\s*{NAMES}(?:[\s/／|丨]+(?:{ROLE}|文/图|文|图|摄影|报道|統籌|统筹|策划)?\s*[:：/／]?\s*{NAMES})*\s*(?:文/图|文/摄|文图|摄影报道|报道|報道|报导|報導|整理|综合|编译)?\s*[）)】\]]?$"
    rf"|[（(【\[■□◆◎●○▲]?\s*(?:文|图|图文|圖文|撰文|作者|原作者|来源|來源|供稿|翻译|编译|整理|采写|採訪|策划|统筹|執筆|文/图|文/摄)\s*[:：/／|丨・]\s*[^，。；]{{2,40}}$"
    rf"|[（(【\[■□◆◎●○▲]?\s*{NAME}(?:[\s、　]+{NAME}){{1,6}}\s*(?:(?:图片|照片|图)由.{{2,30}}提供|文/图|报道|報道)?[）)】\]]?$"
    rf"|[（(【\[■□◆◎●○▲]\s*{NAME}\s*[）)】\]]?$"
    rf"|{NAMES}\s+(?:图片|照片|图)由.{{2,30}}提供$"
    rf"|(?:{NAME}\s*[/／|丨]\s*(?:文|图|文图|摄|摄影)\s*){{1,3}}$|文\s+{NAMES}(?:\s+图\s+{NAMES})?$|{NAME}(?:[\s、]{NAME})*\s+发自[{HAN}]{{2,6}}$"
    rf"|[（(]?作者(?:系|为|是|單位|单位)[^，。]{{2,40}}[）)]?$|[（(]?(?:摘自|原载|原載|选自|转自)《[^》]{{1,20}}》[^，。]{{0,16}}[）)]?$"
    rf"|[（(]?\s*据?\s*(?:新华社|新華社|中新社|中新网|央视|人民网|本报综合)[^，。]{{0,14}}[）)]?$"
    rf"|[□■◎●○▲]?\s*本[报報刊](?:评论员|評論員|编辑部|編輯部|综合(?:报道|消息)?|专电|評論部|社论)$"
    rf"|[（(【]?(?:[{HAN}{KANA}]{{2,8}}[\s・　]*)?(?:記者|特派員|編集委員|論説委員|支局長|通信員)[・:：＝=\s　]*[{HAN}{KANA}]{{2,8}}(?:[、・\s　][{HAN}{KANA}]{{2,8}}){{0,3}}[）)】]?$"
    rf"|[（(【]?[{HAN}{KANA}]{{2,8}}[\s　・]*(?:記者|特派員|編集委員|論説委員|支局長)[）)】]?$"
    rf"|[（(【][{HAN}]{{2,4}}[\s　・]?[{HAN}{KANA}]{{0,4}}(?:[、・\s　][{HAN}{KANA}]{{2,6}}){{0,2}}[）)】]$"
)
# By Jane Smith, Staff Writer: capitalised names after a word for "by", in any Latin or Cyrillic script.
CAPITALISED = r"(?:(?:[A-ZÀ-ÞА-Я][\w'’.-]*|d[aeiu]|del|van|von|der|de la|al|bin|ten)\s*)"
DESK = r"(?:[,|·•/—–-]\s*(?:[\w.'’&-]+\s?){1,6})?"
LATIN_BYLINE = re.compile(
    rf"(?:[Bb][Yy]|[Vv]on|[Pp]or|[Pp]ar|[Dd]i|[Tt]ext:?|[Ww]ords:?|[Ss]tory [Bb]y|[Ww]ritten [Bb]y|[Rr]eporting [Bb]y|[Rr]eported [Bb]y|[Аа]втор:?|[Tt]exto:?|بقلم:?)\s*:?\s+(?=[A-ZÀ-ÞА-Я]){CAPITALISED}{{2,5}}"
    rf"(?:(?:,|and|&|und|y|et|e|и)\s*{CAPITALISED}{{2,5}})*{DESK}$"
    rf"|{CAPITALISED}{{2,4}}[,|·•/—–]\s*(?:[\w.'’&]+\s){{0,4}}(?:[Ss]taff|[Ww]riter|[Rr]eporter|[Cc]orrespondent|[Ee]ditor|[Cc]olumnist|[Pp]ress|[Rr]edactor[a]?|[Cc]orresponsal|[Rr]edaktion|STAFF|WRITER|REPORTER)\b.{{0,30}}$"
    rf"|(?:[Bb]y\s+)?(?:[Oo]ur|[Tt]he|[Aa]|From)?\s*(?:[A-Z][\w.]*\s){{0,3}}(?:[Ss]taff|STAFF|[Ss]pecial|[Oo]wn)\s+(?:[Ww]riters?|[Rr]eporters?|[Rr]eports?|[Cc]orrespondents?|WRITERS?|REPORTERS?|to the .{{2,30}})$"
    r"|(?:[Oo]f [Tt]he\s+)?(?:The\s+)?(?:[A-Z][\w'’]+\s){1,3}Staff$|[—–]\s*[A-Z][\w'’.-]+(?:\s[A-Z][\w'’.-]+){1,3}$"
    r"|(?:By\s+)?(?:The\s+)?Associated Press$|(?:By\s+)?Reuters$"
)


# -- where a story's text begins

AGENCIES = r"(?:新华社|新華社|中新社|中新网|人民网|央视网|光明网|央广网|国际在线|海外网|环球网|中国网|法新社|路透社|美联社|共同社|中央社|据[\u4e00-\u9fff]{2,8}(?:报道|消息))"
DATELINE = re.compile(
    r"\s*[【（(]?\s*(?:本[报報刊台网](?:讯|訊)|本[报報][\u4e00-\u9fff]{1,8}\d{1,2}月\d{1,2}日[电電讯訊]"
    rf"|{AGENCIES}[^，。；]{{0,24}}?(?:[电電讯訊]|消息|报道)"
    r"|[\u4e00-\u9fff]{2,10}(?:网|报|報|客户端|社|台)(?:讯|訊|消息)\s*[（(：:]|[\u4e00-\u9fff]{2,10}(?:网|报|報|客户端|社|台)[\u4e00-\u9fff]{0,6}\d{1,2}月\d{1,2}日(?:[电電讯訊]|消息)"
    r"|(?:人民日报|经济日报|光明日报|科技日报)?[^，。；]{0,6}消息[（(：:]"
    r"|(?:[A-Z][A-Z.'’ -]{2,},?\s+)(?:[A-Z][\w.]*\s?){0,3}(?:\d{1,2}\s*)?(?:\([A-Z][\w ]+\)\s*)?[—–-]{1,2}\s"
    r"|【[^】]{1,12}[＝=][^】]{1,12}】|【[^】]{1,8}(?:共同|時事|聯合報)】)"
)


def is_furniture(content: str, width: int) -> bool:
    """Whether a line belongs to the page and not to what is printed on it."""
    if width > 90 or DATELINE.match(content):
        return False
    if width <= 44 and (FURNITURE.match(content) or LATIN_SECTION.match(content)):
        return True
    return bool(JUMP.match(content) or STAFF.match(content)) or _is_running_head(content)


def _is_running_head(content: str) -> bool:
    """The paper's name, a date, a page, an address: and little else."""
    if re.search("[，。；、“”]", content):
        return False
    if ONLY_PAPER.match(content):
        return True
    dates = DATED.findall(content)
    rest = re.sub(rf"(?:{MARK}|\d)+", " ", CONTACT.sub("", DATED.sub("", content))).strip()
    if CONTACT.search(content) and len(content) <= 60 and not re.search("[.!?]$", content):
        return True
    if not dates or RUNNING.search(rest):
        return False
    if not rest:
        return len(dates) > 1 or len(content) > 8
    return len(rest) <= 36 and (NAMED.search(rest) is not None or (len(dates) > 1 and len(rest) <= 12))


def is_caption(content: str) -> bool:
    """Whether a line says that it belongs to a picture."""
    return not DATELINE.match(content) and bool(
        CAPTION_START.match(content)
        or CAPTION_END.search(content)
        or (CAPTION_INSIDE.search(content) and not content.endswith(("。", "，")) and len(content) <= 90)
    )


def is_byline(content: str) -> bool:
    """Whether a line names who wrote, and says nothing else."""
    return bool(BYLINE.match(content) or LATIN_BYLINE.match(content)) and not DATELINE.match(content)
