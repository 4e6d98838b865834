# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reads a page as strictly as a validator: elements are closed in order, names are there once."""
import html.parser
import json

VOID = {"input", "meta"}


class Page(html.parser.HTMLParser):
    """A page's elements: `texts` by their ids or else their names, `attributes` by their ids."""

    def __init__(self, text):
        super().__init__()
        assert text.startswith("<!DOCTYPE html>\n"), text[:100]
        self.elements, self.texts, self.attributes, self.policy = [], {}, {}, ""
        self._open = []
        self.feed(text)
        self.close()
        assert not self._open, self._open
        self.data = json.loads(self.texts["data"])

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        assert len(attributes) == len(attrs), attrs
        self.elements.append(attributes)
        name = attributes.get("id", tag)
        if "id" in attributes:
            assert name not in self.attributes, name
            self.attributes[name] = attributes
        if attributes.get("http-equiv") == "Content-Security-Policy":
            self.policy = attributes["content"]
        if tag not in VOID:
            self._open.append((tag, name))

    def handle_endtag(self, tag):
        last = self._open.pop()
        assert last[0] == tag, f"found </{tag}>, expected </{last[0]}> at {self.getpos()}"

    def handle_data(self, data):
        if self._open:
            name = self._open[-1][1]
            self.texts[name] = self.texts.get(name, "") + data

    def srt(self):
        """The subtitles that its data stand for."""
        def time(milliseconds):
            seconds = milliseconds // 1000
            return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02},{milliseconds % 1000:03}"
        return "".join(f"{at}\n{time(cue['start'])} --> {time(cue['end'])}\n" + "\n".join(cue["lines"]) + "\n\n"
                       for at, cue in enumerate(self.data["cues"], 1))
