"""One file a format of question sets; each turns a path into a QuestionSet."""
