"""Files of every format, made by real writers, for the tests of the readers."""

import csv
import io
import json
import tarfile
import zipfile
from collections.abc import Sequence
from email.message import EmailMessage

Rows = Sequence[Sequence[str]]


def docx_file(heading: str, paragraphs: Sequence[str], rows: Rows = (), title: str = "") -> bytes:
    import docx

    made = docx.Document()
    made.core_properties.title, made.core_properties.author = title, "李四"
    if heading:
        made.add_heading(heading, 1)
    for each in paragraphs:
        made.add_paragraph(each)
    if rows:
        table = made.add_table(len(rows), len(rows[0]))
        for row, cells in zip(rows, table.rows, strict=True):
            for value, cell in zip(row, cells.cells, strict=True):
                cell.text = value
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def pptx_file(slides: Sequence[tuple[str, str]], notes: str = "", rows: Rows = ()) -> bytes:
    import pptx
    from pptx.util import Inches

    made = pptx.Presentation()
    for title, words in slides:
        slide = made.slides.add_slide(made.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text = words
    if notes:
        slide.notes_slide.notes_text_frame.text = notes
    if rows:
        box = Inches(1), Inches(5), Inches(4), Inches(1)
        table = slide.shapes.add_table(len(rows), len(rows[0]), *box).table
        for y, row in enumerate(rows):
            for x, value in enumerate(row):
                table.cell(y, x).text = value
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def xlsx_file(sheets: dict[str, Sequence[Sequence[object]]]) -> bytes:
    import openpyxl

    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def csv_file(rows: Rows) -> bytes:
    file = io.StringIO()
    csv.writer(file).writerows(rows)
    return file.getvalue().encode("utf-8", "surrogatepass")


def jsonl_file(rows: Sequence[object]) -> bytes:
    return "\n".join(json.dumps(each) for each in rows).encode()


def zip_file(members: dict[str, bytes | str]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return file.getvalue()


def tar_file(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as made:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            made.addfile(info, io.BytesIO(content))
    return file.getvalue()


def epub_file(chapters: Sequence[str], title: str = "城市史") -> bytes:
    items = "".join(
        f'<item id="c{n}" href="text/c{n}.xhtml" media-type="application/xhtml+xml"/>' for n in range(len(chapters))
    )
    spine = "".join(f'<itemref idref="c{n}"/>' for n in range(len(chapters)))
    members: dict[str, bytes | str] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
        '<rootfiles><rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>',
        "OEBPS/book.opf": '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="i">'
        f'<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title}</dc:title><dc:creator>王五</dc:creator>'
        "<dc:language>zh</dc:language><dc:date>2020-05-01</dc:date></metadata>"
        f"<manifest>{items}</manifest><spine>{spine}</spine></package>",
    }
    for number, body in enumerate(chapters):
        members[f"OEBPS/text/c{number}.xhtml"] = (
            f'<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head>'
            f"<body>{body}</body></html>"
        )
    return zip_file(members)


def rtf_file(paragraphs: Sequence[str], title: str = "") -> bytes:
    def coded(text: str) -> str:
        units = text.encode("utf-16-le", "surrogatepass")
        codes = [int.from_bytes(units[i : i + 2], "little", signed=True) for i in range(0, len(units), 2)]
        return "".join(chr(c) if 32 <= c < 127 and chr(c) not in "\\{}" else f"\\u{c}?" for c in codes)

    body = "".join(coded(each) + "\\par\n" for each in paragraphs)
    made = f"{{\\rtf1\\ansi\\ansicpg936{{\\info{{\\title {coded(title)}}}{{\\author {coded('赵六')}}}}}{body}}}"
    return made.encode("ascii")


def eml_file(subject: str, words: str, attached: dict[str, bytes] | None = None, html: str = "") -> bytes:
    letter = EmailMessage()
    letter["Subject"], letter["From"], letter["To"] = subject, "张三 <zhang@example.org>", "li@example.org"
    letter["Date"] = "Tue, 05 Mar 2024 08:00:00 +0800"
    letter.set_content(words)
    if html:
        letter.add_alternative(html, subtype="html")
    for name, content in (attached or {}).items():
        letter.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return letter.as_bytes()


def html_file(body: str, head: str = "") -> bytes:
    return f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>".encode("utf-8", "surrogatepass")
