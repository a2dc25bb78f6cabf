"""What every store counts words by: the constants of BM25, and the term that stands for a text's script."""

# BM25's k1 and b (Robertson and Zaragoza, 2009, The Probabilistic Relevance Framework, equation 3.15), chosen on the training part
# of the shared sets (bench/fusion.py); words and pairs of characters alike.
K1, B = 0.9, 0.4
# Stands with a text that is mostly in a script without spaces.
UNSPACED = "u"
