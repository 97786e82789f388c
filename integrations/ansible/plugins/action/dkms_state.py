# -*- coding: utf-8 -*-
# SPDX-License-Identifier: MIT
"""Reads the file that `src` names on the controller; everything else is done on the managed host."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import io

from ansible.errors import AnsibleError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp=None, task_vars=None):
        result = super(ActionModule, self).run(tmp, task_vars)
        args = dict(self._task.args)
        source = args.get("src")
        is_here = source is not None and not boolean(args.get("remote_src", False), strict=False)
        # What contradicts src is for the module to tell.
        if is_here and args.get("content") is None and args.get("modules") is None:
            content, problem = self._read(source)
            if problem:
                result.update(failed=True, msg="src: " + problem)
                return result
            args["content"] = content
            del args["src"]
        module = "dkms_agent.dkms.dkms_state"
        result.update(self._execute_module(module, args, task_vars=task_vars, wrap_async=self._task.async_val))
        return result

    def _read(self, source):
        """The text, or why there is none."""
        try:
            with io.open(self._find_needle("files", source), encoding="utf-8") as stream:
                return stream.read(), None
        except UnicodeError:
            return None, "{0} is not UTF-8.".format(source)
        except (IOError, OSError) as error:
            return None, "{0} cannot be read: {1}.".format(source, error.strerror)
        except AnsibleError as error:
            return None, error.message
