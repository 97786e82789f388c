# -*- coding: utf-8 -*-
# SPDX-License-Identifier: MIT
"""Runs dkms-agent and reads what it prints with --json."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import os

# What the command line means by each exit code is in `dkms-agent --help`.
BLOCKED = 3

common_arguments = dict(
    executable=dict(type="path"),
    root=dict(type="path"),
    desired_state=dict(type="path"),
)

run_arguments = dict(
    blocked=dict(type="str", choices=["fail", "warn", "ignore"], default="fail"),
    retry=dict(type="bool", default=False),
    allow_in_use=dict(type="bool", default=False),
    allow_insecure_files=dict(type="bool", default=False),
    lock_timeout=dict(type="str"),
)


class Agent:
    """
    The program on this host, and the options that every call of it has. In check mode `program` is None where there is
    none: an earlier task may be what installs it.
    """

    def __init__(self, module):
        self.module = module
        root = module.params["root"]
        self.root = None if root is None else os.path.abspath(root)
        given = module.params["desired_state"]
        default = os.path.join(self.root or "/", "etc/dkms-agent/desired-state")
        self.desired_state = os.path.abspath(given or default)
        self.program = self._find()

    def _find(self):
        given = self.module.params["executable"]
        remedy = (
            "Install it, for example with the role dkms_agent.dkms.agent, or name it with the option executable."
        )
        if given is None:
            places = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin"]
            found = self.module.get_bin_path("dkms-agent", False, places)
            if found is None and self.module.check_mode:
                self.module.warn("dkms-agent is not on this host yet, so what it would change cannot be told.")
            elif found is None:
                self.module.fail_json(msg="dkms-agent is not on this host. " + remedy)
            return found
        if not os.path.isfile(given) or not os.access(given, os.X_OK):
            self.module.fail_json(msg="There is no program {0}. {1}".format(given, remedy))
        return os.path.abspath(given)

    def document(self, words, codes=(0,)):
        """The one JSON document that a command prints. Fails the task with what is wrong on any other exit code."""
        code, out, err = self._run(words)
        value = _parse(out)
        if not isinstance(value, dict):
            self.fail_unexplained(words[0], code, err or out)
        if code not in codes:
            errors = [one for one in value.get("diagnostics", []) if one.get("severity") == "error"]
            if not errors:
                self.fail_unexplained(words[0], code, err)
            self.module.fail_json(exit_code=code, diagnostics=errors, **self.explain(errors, code))
        return value

    def events(self, words):
        """The exit code, the events, and what else it had to say."""
        code, out, err = self._run(words)
        events = [one for one in map(_parse, out.splitlines()) if isinstance(one, dict)]
        return code, events, err

    def _run(self, words):
        options = ["--json"]
        if self.root is not None:
            options += ["--root", self.root]
        code, out, err = self.module.run_command([self.program] + words + options, cwd="/")
        # Ended by a signal: as a shell, and last-run.json, have it.
        code = code if code >= 0 else 128 - code
        if code == 127:
            msg = "{0} cannot be started: {1} It is a program for Node.js, which must be on the PATH of this task.".format(
                self.program, _line(err)
            )
            self.module.fail_json(msg=msg, exit_code=code)
        return code, out, err

    def run_options(self):
        """What plan and apply have in common."""
        params = self.module.params
        flags = ["retry", "allow_in_use", "allow_insecure_files"]
        words = ["--" + name.replace("_", "-") for name in flags if params[name]]
        if params["lock_timeout"] is not None:
            words += ["--lock-timeout", params["lock_timeout"]]
        return words

    def explain(self, diagnostics, code):
        """A message of the problems, and who could mend it if it is a matter of rights."""
        text = "\n".join(diagnostic_text(one) for one in diagnostics)
        if code == 78 and os.geteuid() != 0:
            text += "\nThe task does not run as root: it needs become: true."
        return dict(msg=text)

    def fail_unexplained(self, what, code, text):
        msg = "dkms-agent {0} ended with exit code {1}: {2}".format(what, code, text.strip() or "it said nothing")
        self.module.fail_json(msg=msg, exit_code=code)


def diagnostic_text(one):
    """One line, and the hint on another: FILE:LINE:COLUMN: message [CODE]."""
    place = one.get("file") or ""
    spot = one.get("range")
    if place and spot:
        place = "{0}:{1}:{2}".format(place, spot.get("line"), spot.get("column"))
    text = "{0}{1} [{2}]".format(place + ": " if place else "", one.get("message"), one.get("code"))
    return text + "\n" + one["hint"] if one.get("hint") else text


def _parse(text):
    try:
        return json.loads(text)
    except ValueError:
        return None


def _line(text):
    lines = text.strip().splitlines()
    return lines[-1] + "." if lines else ""
