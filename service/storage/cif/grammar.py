"""The grammar of a CIF file, byte by byte: what a value, a keyword, an item and the white space between them look like."""

import re

#: White space with the comments in it; a comment begins behind white space or at the beginning of the file. Most gaps have
#: none, which an empty alternative finds out sooner than a repetition does.
GAP = rb"[ \t\r\n]++(?:\#[^\n]*+(?:[ \t\r\n]++\#[^\n]*+)*[ \t\r\n]*+|)"
#: A value as it stands, told by its first byte. The possessive quantifiers keep the time linear on damaged files; they
#: stand behind single classes alone, for behind a group Python before 3.11.5 matches wrongly (gh-106052), as embedded by
#: Debian's mod_wsgi. A group here can be left in one way only, so that giving an iteration back never finds another match.
#: A text block is gone through from one `;` to the next, of which there are far fewer than lines.
KEYWORD = rb"(?i:loop_|stop_|global_|data_[^ \t\r\n]*|save_[^ \t\r\n]*)(?=[ \t\r\n]|\Z)"
VALUE = (
    rb"""(?:[^ \t\r\n'"_;\#dglsDGLS][^ \t\r\n]*+
    |(?!"""
    + KEYWORD
    + rb""")[dglsDGLS][^ \t\r\n]*+
    |'[^'\n]*+(?:'(?![ \t\r\n]|\Z)[^'\n]*+)*'(?=[ \t\r\n]|\Z)
    |"[^"\n]*+(?:"(?![ \t\r\n]|\Z)[^"\n]*+)*"(?=[ \t\r\n]|\Z)
    |;(?:(?<=\n;)[^;]*+(?:(?<!\n);[^;]*+)*(?<=\n);(?=[ \t\r\n]|\Z)|(?<!\n;)[^ \t\r\n]++))"""
)
FIRST = re.compile(rb"(?:\xef\xbb\xbf)?(?:\#[^\n]*+)?(?:" + GAP + rb")?")
NEXT = re.compile(rb"(?:" + GAP + rb")?")
CONTROL = re.compile(rb"(?P<item>_[^ \t\r\n]+)|(?P<keyword>" + KEYWORD + rb")")
ITEM = re.compile(GAP + rb"(_[^ \t\r\n]+)")
PAIRED = re.compile(GAP + VALUE, re.VERBOSE)
TOKEN = re.compile(VALUE + rb"|_[^ \t\r\n]+|" + KEYWORD + rb"|(?P<comment>\#[^\n]*+)", re.VERBOSE)
#: The line that the legacy writer puts behind the name of a block and behind each category.
CLOSED = re.compile(rb"\n[ \t]*\#[ \t\r]*(?:\n|\Z)")
LINE_REST = re.compile(rb"[ \t]*(?:\r?\n|\Z)")
