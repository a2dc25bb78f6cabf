"""Fit the weights by which a headline begins an article (corpus/articles.py) on the `tune` part of bench.pages.

    python -m bench.articles [SEEDS]          (prints the weights, and how often they are right on seeds left out)
"""

import sys

import numpy as np

from bench.pages import issues
from bench.stories import Gold, available, bare
from corpus.articles import Issue, features
from corpus.clean import clean
from corpus.lines import lines
from corpus.units import units

NAMES = ("cohesion", "headline in what follows", "headline in what came before", "dateline follows", "byline follows",
         "byline before", "end mark before", "numbered", "displaced", "series", "stacked",
         "cohesion of the paragraphs beside", "rare terms shared", "paragraphs before")  # fmt: skip


def rows(text: str, gold: Gold) -> list[tuple[tuple[float, ...], bool]]:
    """The features of every headline that may begin an article, and whether one begins there."""
    starts = {bare(story.paragraphs[0])[:10] for story in gold.stories}
    cleaned = clean(text)
    found = lines(cleaned.text, cleaned.pages)
    parts = units(found)
    issue = Issue.of(found, parts)
    texts = [bare(each) for each in issue.texts]
    here: list[int] = []
    out = []
    for number, kind in enumerate(issue.kinds):
        body = any(issue.kinds[each] == "paragraph" for each in here)
        begins = False
        if kind == "heading" and body:
            ahead = range(number + 1, len(parts))
            following = next((at for at in ahead if issue.kinds[at] == "paragraph" and not parts[at].displaced), None)
            begins = following is not None and texts[following][:10] in starts
            out.append((features(issue, number, here), begins))
        elif kind == "paragraph" and body:
            begins = texts[number][:10] in starts and issue.kinds[here[-1]] != "heading"
        if begins:
            here = []
        here.append(number)
    return out


def main() -> None:
    if not available():
        print("nothing fitted: the shared data sets are not there")
        return
    from sklearn.linear_model import LogisticRegression

    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 4
    parts = []
    for seed in range(100, 100 + seeds):
        found = [row for text, gold in issues("tune", 600, seed) for row in rows(text, gold)]
        parts.append((np.array([each[0] for each in found]), np.array([each[1] for each in found])))
    matrix, truth = (np.concatenate([part[at] for part in parts[:-1]]) for at in (0, 1))
    model = LogisticRegression(C=10, max_iter=5000).fit(matrix, truth)
    print(f"{len(truth)} headlines, {truth.sum()} begin an article\nINTERCEPT = {model.intercept_[0]:.2f}")
    print("WEIGHTS = (" + ", ".join(f"{each:.2f}" for each in model.coef_[0]) + ")")
    for name, weight in zip(NAMES, model.coef_[0], strict=False):
        print(f"  {name}: {weight:.2f}")
    matrix, truth = parts[-1]
    said = model.predict(matrix)
    print(f"left out: precision {truth[said].mean():.3f}, recall {said[truth].mean():.3f} of {truth.sum()}")


if __name__ == "__main__":
    main()
