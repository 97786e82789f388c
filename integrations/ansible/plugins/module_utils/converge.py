# -*- coding: utf-8 -*-
# SPDX-License-Identifier: MIT
"""Changes one document and makes the host what the documents ask for; in check mode, says what that would do."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

from ansible_collections.dkms_agent.dkms.plugins.module_utils.agent import BLOCKED, diagnostic_text
from ansible_collections.dkms_agent.dkms.plugins.module_utils.documents import become


def converge(agent, document, filter_words, apply=True):
    """Ends the task. `filter_words` narrow what is applied; without `apply`, only the document is changed."""
    module = agent.module
    result = dict(
        changed=document.changed,
        diff=[document.diff()] if document.changed else [],
        document=document.path,
        changes=[],
        blocked=[],
        not_applicable=[],
        failures=[],
        reboot_required=None,
        reboot_reasons=[],
    )
    if document.changed:
        document.check_place()
    if agent.program is None:
        module.exit_json(**result)
    trial = document.trial_options()
    if trial is None:
        _leave_none(module, document, result)
    if document.new_content:
        _validate(agent, trial, document.path)
    words = filter_words + agent.run_options()
    # What would be refused as a whole is found out before the document is there: each later run would be refused too.
    plan = None
    if apply and (module.check_mode or document.new_content):
        plan = agent.document(["plan"] + trial + words)
    if module.check_mode:
        _predict(module, plan, result)
    document.write()
    if document.backup_file:
        result["backup_file"] = document.backup_file
    if not apply:
        module.exit_json(**result)
    _conclude(agent, agent.events(["apply", "--desired", document.directory] + words), result)


def _leave_none(module, document, result):
    if document.changed:
        msg = "No document is left in {0}: until there is one, dkms-agent apply does nothing and fails."
        module.warn(msg.format(document.directory))
    if not module.check_mode:
        document.write()
        if document.backup_file:
            result["backup_file"] = document.backup_file
    module.exit_json(**result)


def _validate(agent, words, path):
    """What is odd in the documents of others is for them to hear."""
    if agent.module.params["allow_insecure_files"]:
        words = words + ["--allow-insecure-files"]
    found = agent.document(["validate"] + words)
    _warn(agent.module, [one for one in found["diagnostics"] if one["file"] == path])


def _predict(module, plan, result):
    if plan is None:
        module.exit_json(**result)
    _warn(module, plan["diagnostics"])
    _show_changes(result, plan["changes"])
    result["changed"] = result["changed"] or bool(plan["steps"])
    result["blocked"] = plan["blocked"]
    result["not_applicable"] = plan["not_applicable"]
    tree = plan["trees"]["dkms"]
    if not _is_writable(tree):
        module.fail_json(msg="{0} cannot be written to.{1}".format(tree, become()), **result)
    _exit(module, result)


def _is_writable(place):
    while not os.path.lexists(place):
        place = os.path.dirname(place)
    return os.access(place, os.W_OK | os.X_OK)


def _conclude(agent, answer, result):
    code, events, err = answer
    module = agent.module
    diagnostics = [one["diagnostic"] for one in _of_type(events, "diagnostic")]
    _warn(module, diagnostics)
    _show_changes(result, [one["change"] for one in _of_type(events, "planned_change")])
    result["failures"] = [_failure(one) for one in events if _is_failure(one)]
    result["exit_code"] = code
    complete = (_of_type(events, "run_complete") or [{}])[-1]
    result["changed"] = result["changed"] or complete.get("changed", False)
    result["reboot_required"] = complete.get("reboot_required")
    result["reboot_reasons"] = complete.get("reboot_reasons", [])
    remaining = complete.get("remaining") or {}
    result["blocked"] = remaining.get("blocked", [])
    result["not_applicable"] = remaining.get("not_applicable", [])
    if code in (0, BLOCKED):
        _exit(module, result)
    reasons = [_failure_text(one) for one in result["failures"]]
    if complete.get("interrupted"):
        reasons.append("The run was asked to stop before it was through. The next one goes on.")
    errors = [one for one in diagnostics if one["severity"] == "error"]
    if errors:
        result["diagnostics"] = errors
        reasons.append(agent.explain(errors, code)["msg"])
    if not reasons:
        left = ["{0} is still to be {1}".format(one["address"], one["after"]) for one in remaining.get("changes", [])]
        reasons = left or ["dkms-agent apply ended with exit code {0}: {1}".format(code, err.strip())]
    module.fail_json(msg="\n".join(reasons), **result)


def _of_type(events, name):
    return [one for one in events if one.get("type") == name]


def _is_failure(event):
    return event.get("type") == "step_errored" or (event.get("type") == "undo_complete" and event.get("failure"))


def _failure(event):
    return dict(address=event["step"]["address"], step=event["step"]["kind"], **event["failure"])


def _failure_text(one):
    lines = ["{0}: {1} [{2}]".format(one["address"], one["message"], one["code"])]
    if one.get("remedy"):
        lines.append(one["remedy"])
    log = one.get("log")
    if log:
        lines += ["The end of {0}:".format(log["path"])] + log["tail"]
    return "\n".join(lines)


def _show_changes(result, changes):
    """Of what is as it was before, only the reason tells why it changes."""
    result["changes"] = changes
    if not changes:
        return
    before = ["{0}: {1} ({2})".format(one["address"], one["before"], one["reason"]["text"]) for one in changes]
    after = ["{0}: {1}".format(one["address"], one["after"]) for one in changes]
    header = "kernel modules"
    texts = dict(before="\n".join(before) + "\n", after="\n".join(after) + "\n")
    result["diff"] = result["diff"] + [dict(before_header=header, after_header=header, **texts)]


def _exit(module, result):
    """Blocked is not what was asked for; whether that is a failure is for the task to say."""
    texts = ["{address} is blocked: {text}; {remedy} [{code}]".format(**one) for one in result["blocked"]]
    how = module.params["blocked"]
    if texts and how == "fail":
        module.fail_json(msg="\n".join(texts), **result)
    if how == "warn":
        for text in texts:
            module.warn(text)
    module.exit_json(**result)


_warned = set()


def _warn(module, diagnostics):
    for one in diagnostics:
        text = diagnostic_text(one).replace("\n", " ")
        if one["severity"] == "warning" and text not in _warned:
            _warned.add(text)
            module.warn(text)
