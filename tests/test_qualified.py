"""The mayor is asked for, and a sentence names a deputy or a former one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.reader.qualified import lacks_office, only_qualified

OTHERS = [
    ("重庆市市长是谁？", "副市长但彦铮参加活动。"),
    ("重庆市委书记是谁？", "市委副书记、市长胡衡华主持会议，学习习近平总书记重要讲话精神。"),
    ("這所大學的校長是誰？", "副校長李明主持會議。"),
    ("这种药有什么作用？", "副作用包括头痛和恶心。"),
    ("总统是谁？", "前总统出席了葬礼。"),
    ("厂长是谁？", "前任厂长王芳已经退休。"),
    ("Who is the mayor of Brno?", "The deputy mayor, Jana Nová, opened the fair."),
    ("Who chairs as president of the club?", "Former President Ann Lee spoke first."),
    ("Wer ist Bürgermeister von Brünn?", "Die stellvertretende Bürgermeisterin Jana Nová eröffnete die Messe."),
    ("Кто министр культуры?", "Заместитель министра Иванов открыл выставку."),
    ("¿Quién es el presidente?", "El ex presidente asistió al acto."),
]
THE_SAME = [
    ("重庆市市长是谁？", "市长胡衡华、副市长但彦铮会见了客人。"),
    ("重庆市委书记是谁？", "市委书记王某、市委副书记李某出席。"),
    ("重庆市副市长是谁？", "副市长但彦铮参加活动。"),
    ("厚嘴鸡鸠的原型标本在哪里？", "原型标本存放在博物馆。"),
    ("异齿前肛鳗有几枚前上颌骨齿？", "前上颌骨齿2枚。"),
    ("这个地区有多高？", "高原地区平均海拔四千米。"),
    ("市领导在做什么？", "目前市领导正在开会。"),
    ("Who is the mayor of Brno?", "Mayor Petr Novák and the deputy mayor opened the fair."),
    ("Who is the deputy mayor?", "The deputy mayor, Jana Nová, opened the fair."),
    ("Who is the former president of the club?", "The former president, Ann Lee, spoke first."),
    ("重庆市市长是谁？", "会议在北京召开。"),
    ("Who is the mayor?", "Nothing was said."),
]


@pytest.mark.parametrize(("question", "sentence"), OTHERS)
def test_a_deputy_or_a_former_one_is_another(question, sentence):
    assert only_qualified(question, sentence)


@pytest.mark.parametrize(("question", "sentence"), THE_SAME)
def test_who_is_asked_for_is_not(question, sentence):
    assert not only_qualified(question, sentence)


@pytest.mark.parametrize(("question", "sentence", "lacks"), [
    ("重庆市委书记是谁？", "重庆市政府副市长但彦铮出席活动。", True),
    ("這所大學的校長是誰？", "李明主持會議。", True),
    ("這所大學的校長是誰？", "校长李明主持會議。", False),
    ("谁是这支队伍的队长？", "李明主持会议。", False),  # asked otherwise, it is left to the reader
    ("谁的成长是谁也想不到的？", "他长得很快。", False),
    ("会议是谁主持的？", "李明主持会议。", False),
    ("Who is the mayor?", "Ann Lee spoke.", False),
    ("布尔诺市长是谁？", "Mayor Petr Novák opened the fair.", False),
])  # fmt: skip
def test_a_sentence_without_the_office_that_is_asked_for_is_of_another(question: str, sentence: str, lacks: bool) -> None:
    assert lacks_office(question, sentence) == lacks


@given(st.text(max_size=100))
def test_a_sentence_holds_its_own_words(text):
    assert not only_qualified(text, text)
