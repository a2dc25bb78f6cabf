"""What leans on what came before it: a sentence or a question that cannot be understood alone.

Lists of pronouns, demonstratives and connectives that begin such a sentence, by the script they
are written in; a language that is not listed is taken as it stands.
"""

import re

# Chinese and Japanese words stand without spaces; some are left out that also begin names (此, 其).
UNSPACED = re.compile(
    r"[“「『\"'‘]?(?:[他她它牠祂](?:们|們)?(?!山)|其(?:中|后|後|次|他|它|余|餘)?|(?:此|这|這|那|该|該)(?:[一些个個种種项項次时時后後外前年处處类類样樣里裡间間段部位名]|是|不|也|就|[\u4e00-\u9fff]{1,2})"
    r"|但(?:是)?|然而|而(?:且|是)?|并(?:且)?|並(?:且)?|因此|所以|于是|於是|从而|從而|同时|同時|随后|隨後|之后|之後|后来|後來|此外|另外|不过|不過|否则|否則|结果|結果|对此|對此|据此|據此"
    r"|两者|兩者|前者|后者|後者|双方|雙方|同年|同月|同日|当时|當時|当年|當年|翌年|次年|当地|當地|自此|接着|接著|然后|然後|例如|比如"
    r"|彼(?:女|ら)?|それ|これ|あれ|その|この|あの|そこ|ここ|そして|しかし|また|さらに|だが|ただし|なお|つまり|したがって|同(?:年|月|日|社|氏|校|地))"
)
SPACED = re.compile(
    r"[“‘\"'«„¿¡(]?(?:"
    r"he|she|it|they|this|these|that|those|his|her|hers|its|their|theirs|him|them|such|however|but|and|therefore|thus|then|so|also|both|there|here|the (?:latter|former|same)|as a result|in addition|for example|instead|moreover|afterwards|later"
    r"|él|ella|ellos|ellas|ello|este|esta|esto|estos|estas|ese|esa|eso|esos|esas|aquel|aquella|su|sus|pero|además|sin embargo|por eso|por ello|así|entonces|también|luego|después|dicho|dicha|ambos|ambas"
    r"|er|sie|es|dies|diese|dieser|dieses|diesen|diesem|jene|jener|sein|seine|seiner|ihr|ihre|ihrer|aber|doch|jedoch|deshalb|daher|dann|dort|dabei|dadurch|damit|außerdem|auch|danach|beide"
    r"|il|elle|ils|elles|ce|cette|ces|cet|cela|ceci|son|sa|ses|leur|leurs|mais|cependant|ainsi|donc|puis|ensuite|aussi|y"
    r"|он|она|оно|они|его|её|ее|их|это|этот|эта|эти|тот|та|те|там|но|однако|поэтому|также|кроме того|затем|потом|при этом|оба|такой|такая|такие"
    r"|هو|هي|هم|هما|هذا|هذه|هؤلاء|ذلك|تلك|لكن|ولكن|كما|وقد|لذلك|ثم|وهو|وهي|وكان|وكانت|هناك|أيضا|أيضًا|بعد ذلك"
    r"|ele|ela|eles|elas|isto|isso|esses?|essas?|seu|sua|seus|suas|mas|porém|também|lui|lei|loro|questo|questa|questi|queste|suo|sua|ma|però|anche|poi"
    r"|o|onlar|bu|şu|bunun|ancak|ama|ayrıca|він|вона|воно|вони|його|її|їх|це|цей|ця|ці|але|також"
    r")(?![\w'])",
    re.IGNORECASE,
)
# English "it" and French "il" also begin what stands alone: It is raining, Il y a.
EMPTY_SUBJECT = re.compile(
    r"(?:it (?:is|was) (?:\w+ ){0,2}(?:that|to|who)|il y a|es gibt|es gab|there (?:is|are|was|were))\b", re.IGNORECASE
)


def leans(text: str) -> bool:
    """Whether a sentence begins with a word that points back."""
    words = text.lstrip()
    return bool(UNSPACED.match(words) or (SPACED.match(words) and not EMPTY_SUBJECT.match(words)))
