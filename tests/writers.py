"""Files of every format, made by real writers, for the tests of the readers."""

import csv
import io
import json
import tarfile
import zipfile
from collections.abc import Sequence
from email.message import EmailMessage

# make test installs it, for the browser too.
CJK_FONT = "/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc"
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


def pdf_file(
    paragraphs: Sequence[str], title: str = "", columns: int = 1, font: str = "STSong-Light", head: str = "", password: str = "",
    rows: Rows = (), size: float = 10,
) -> bytes:  # fmt: skip
    """Justified paragraphs with first-line indents; those that begin with # are headings, 1.4 times as large."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate, Paragraph, Table

    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    width, height = A4
    margin, gutter = 50, 24
    across = (width - 2 * margin - gutter * (columns - 1)) / columns
    frames = [
        Frame(margin + n * (across + gutter), margin, across, height - 2 * margin - 110, 0, 0, 0, 0)
        for n in range(columns)
    ]

    def around(canvas: object, page: object) -> None:
        canvas.setFont(font, 8)  # type: ignore[attr-defined]
        canvas.drawString(margin, height - 30, head)  # type: ignore[attr-defined]
        canvas.drawCentredString(width / 2, 25, f"— {page.page} —")  # type: ignore[attr-defined]
        if page.page == 1:  # type: ignore[attr-defined]
            canvas.setFont(font, 20)  # type: ignore[attr-defined]
            canvas.drawCentredString(width / 2, height - 100, title)  # type: ignore[attr-defined]

    wrap = "CJK" if font == "STSong-Light" else None
    body = ParagraphStyle(
        "body", fontName=font, fontSize=size, leading=1.6 * size, firstLineIndent=2 * size, alignment=4, wordWrap=wrap
    )
    heading = ParagraphStyle("heading", fontName=font, fontSize=1.4 * size, leading=2 * size, wordWrap=wrap)
    story: list[object] = [Paragraph(p[1:], heading) if p.startswith("#") else Paragraph(p, body) for p in paragraphs]
    if rows:
        story.append(Table([list(row) for row in rows], style=[("FONT", (0, 0), (-1, -1), font, size)], colWidths=80))
    file = io.BytesIO()
    made = BaseDocTemplate(
        file,
        pagesize=A4,
        title="一份文件",
        author="张三",
        encrypt=password or None,
        pageTemplates=[PageTemplate(frames=frames, onPage=around)],
    )
    made.build(story)
    return file.getvalue()


def image_file(lines: Sequence[str], size: int = 32, kind: str = "PNG", pages: int = 1) -> bytes:
    """Lines of text on an A4 page at 200 dots an inch."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", (1654, int(300 + len(lines) * size * 1.7)), "white")
    font = ImageFont.truetype(CJK_FONT, size)
    for number, line in enumerate(lines):
        ImageDraw.Draw(image).text((150, 150 + number * size * 1.7), line, "black", font)
    file = io.BytesIO()
    more = {"save_all": True, "append_images": [image] * (pages - 1)} if pages > 1 else {}
    image.save(file, kind, **more)
    return file.getvalue()
