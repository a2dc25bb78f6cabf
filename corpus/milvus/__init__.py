"""A library kept in Milvus, for archives that outgrow one machine: the same methods as one in a folder.

Two collections of one name: `NAME_passages` is what is searched (vector, terms, text, the document's fields), `NAME_records`
everything else, by key. pymilvus is imported when the first such library is opened; `pip install yinju[milvus]` brings it.
"""
