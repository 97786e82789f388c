# -*- coding: utf-8 -*-
"""Writes what became of each task, one JSON document a line, into the file that TELL_RESULTS names."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import os

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: tell_results
type: aggregate
short_description: Results of tasks as lines of JSON
description: For tests.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "tell_results"
    CALLBACK_NEEDS_ENABLED = True

    def _tell(self, status, result):
        line = {"task": result.task_name, "host": result._host.name, "status": status, "result": result._result}
        with open(os.environ["TELL_RESULTS"], "a") as stream:
            stream.write(json.dumps(line, default=str) + "\n")

    def v2_runner_on_ok(self, result):
        self._tell("ok", result)

    def v2_runner_on_skipped(self, result):
        self._tell("skipped", result)

    def v2_runner_on_unreachable(self, result):
        self._tell("unreachable", result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._tell("failed", result)
