# -*- coding: utf-8 -*-
# SPDX-License-Identifier: MIT
"""Writes documents of the desired state without a YAML library: managed hosts need not have one."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import re


class BadValue(Exception):
    """A value that cannot be written as it was meant."""


def document_text(remark, settings, modules):
    """A document with a comment, keys for all modules, and the modules; each a dict in the order of its keys."""
    lines = ["# " + remark, "apiVersion: dkms-agent/v1"]
    lines += [_entry(key, value, key) for key, value in settings.items()]
    lines += ["modules:" if modules else "modules: []"]
    for number, module in enumerate(modules):
        where = "modules[{0}]".format(number)
        if not isinstance(module, dict) or not module:
            raise BadValue("{0}: a module is a mapping of keys such as name and version.".format(where))
        entries = [_entry(key, value, "{0}.{1}".format(where, key)) for key, value in module.items()]
        lines += ["  - " + entries[0]] + ["    " + entry for entry in entries[1:]]
    return "\n".join(lines) + "\n"


def _entry(key, value, where):
    return "{0}: {1}".format(_scalar(key), _flow(value, where, words=where.endswith(".directives")))


def _flow(value, where, words=False):
    """JSON is YAML, and a quoted text is a text to every reader."""
    if isinstance(value, dict):
        inner = ["{0}: {1}".format(_scalar(key), _flow(one, "{0}.{1}".format(where, key), words)) for key, one in value.items()]
        return "{" + ", ".join(inner) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_flow(one, "{0}[{1}]".format(where, at), words) for at, one in enumerate(value)) + "]"
    return _scalar(plain_text(value, where, words))


def plain_text(value, where, words=False):
    """
    The text that was meant by a value of a playbook, where YAML has made something else of it. Directives say yes and no,
    everything else true and false. Of a number with a point nobody knows how it was written.
    """
    if isinstance(value, bool):
        return {True: "yes", False: "no"}[value] if words else {True: "true", False: "false"}[value]
    if isinstance(value, float):
        msg = "{0}: YAML has read it as the number {1}, and 1.10 would have become 1.1. Put it into quotes."
        raise BadValue(msg.format(where, value))
    if value is None:
        raise BadValue("{0}: it has no value. Leave the key out, or give it one.".format(where))
    return str(value)


def _scalar(value):
    text = str(value)
    if re.match(r"[A-Za-z][A-Za-z0-9_-]*\Z", text) and text.lower() not in _words:
        return text
    return re.sub(u"[\x7f-\x9f\u2028\u2029\ufeff]", _escape, json.dumps(text, ensure_ascii=False))


# What YAML 1.1 takes for something else than a text; dkms-agent does not, other readers may.
_words = ("true", "false", "yes", "no", "on", "off", "null", "y", "n")


def _escape(match):
    return "\\u{0:04x}".format(ord(match.group()))
