#!/usr/bin/python
# -*- coding: utf-8 -*-
# SPDX-License-Identifier: MIT

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: dkms_info
short_description: Which out-of-tree kernel modules are where, and what differs from what is wanted
version_added: 0.1.0
description:
  - Returns what C(dkms-agent status --json) says. Changes nothing, and needs no root where the trees are readable.
  - Documents that cannot be read hide nothing of what is there. They are warnings, and I(valid) is false.
author:
  - The dkms-agent authors (@dkms-agent)
extends_documentation_fragment:
  - dkms_agent.dkms.common
options:
  modules:
    description: Only these modules, each NAME or NAME/VERSION.
    type: list
    elements: str
    default: []
  kernel:
    description: Only this kernel, by its release.
    type: str
attributes:
  check_mode:
    description: Can run in C(check_mode); it never changes anything.
    support: full
  diff_mode:
    description: It changes nothing, so there is nothing to show.
    support: none
  platform:
    description: Where it can be used.
    support: full
    platforms: linux
seealso:
  - module: dkms_agent.dkms.dkms_module
  - module: dkms_agent.dkms.dkms_state
"""

EXAMPLES = r"""
- name: Look
  dkms_agent.dkms.dkms_info:
  register: dkms

- name: The build of v4l2loopback for each kernel
  ansible.builtin.debug:
    msg: "{{ item.kernel.release }}: {{ item.level }}"
  loop: "{{ dkms.modules | selectattr('name', 'eq', 'v4l2loopback') | map(attribute='instances') | flatten }}"

- name: Fail if something is not as it is wanted
  ansible.builtin.assert:
    that: dkms.changes == [] and dkms.blocked == []
"""

RETURN = r"""
status:
  description: All that C(dkms-agent status --json) says; C(dkms-agent schema status) describes it.
  returned: always
  type: dict
modules:
  description: The modules in the DKMS tree, with their C(name), C(version), and C(instances), one for each kernel.
  returned: always
  type: list
  elements: dict
kernels:
  description: The kernels in the install tree, with C(release), C(arch), C(running), C(headers) and more.
  returned: always
  type: list
  elements: dict
changes:
  description: What C(apply) would change. Empty without documents.
  returned: always
  type: list
  elements: dict
blocked:
  description: What is wanted and cannot be reached now. Empty without documents.
  returned: always
  type: list
  elements: dict
valid:
  description: Whether the documents can be read without an error. True without documents.
  returned: always
  type: bool
advice:
  description: What is left to the administrator, one sentence each.
  returned: always
  type: list
  elements: str
diagnostics:
  description: Problems of the documents.
  returned: always
  type: list
  elements: dict
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dkms_agent.dkms.plugins.module_utils.agent import Agent, common_arguments, diagnostic_text

INVALID = 65


def main():
    module = AnsibleModule(
        argument_spec=dict(
            common_arguments,
            modules=dict(type="list", elements="str", default=[]),
            kernel=dict(type="str"),
        ),
        supports_check_mode=True,
    )
    agent = Agent(module)
    if agent.program is None:
        _exit(module, {})
    status = agent.document(["status"] + _words(module, agent), codes=(0, INVALID))
    for one in status["diagnostics"]:
        module.warn(diagnostic_text(one).replace("\n", " "))
    _exit(module, status)


def _exit(module, status):
    diagnostics = status.get("diagnostics", [])
    plan = status.get("plan") or {}
    module.exit_json(
        changed=False,
        status=status,
        modules=status.get("modules", []),
        kernels=status.get("kernels", []),
        changes=plan.get("changes", []),
        blocked=plan.get("blocked", []),
        valid=all(one["severity"] != "error" for one in diagnostics),
        advice=status.get("advice", []),
        diagnostics=diagnostics,
    )


def _words(module, agent):
    words = [word for name in module.params["modules"] for word in ("--module", name)]
    if module.params["kernel"] is not None:
        words += ["--kernel", module.params["kernel"]]
    # Without documents there is still a host to look at; a directory that was named must be there.
    if module.params["desired_state"] is not None or os.path.exists(agent.desired_state):
        words += ["--desired", agent.desired_state]
    return words


if __name__ == "__main__":
    main()
