#!/usr/bin/python
# -*- coding: utf-8 -*-
# SPDX-License-Identifier: MIT

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: dkms_state
short_description: A document of the desired state of kernel modules, put into its place and applied
version_added: 0.1.0
description:
  - Puts a document into the directory of the desired state of dkms-agent, or takes it away, and has dkms-agent make the
    host what all documents ask for.
  - The document is checked together with all others before it replaces an old one. If there is an error in any of them, or
    if the plan would be refused by a protection, nothing is changed.
  - All of the desired state is applied, and the task fails for whatever of it fails, also if another document wants it.
author:
  - The dkms-agent authors (@dkms-agent)
extends_documentation_fragment:
  - dkms_agent.dkms.common
  - dkms_agent.dkms.common.run
options:
  name:
    description: The name of the document in I(desired_state), with or without C(.yaml).
    type: str
    required: true
  state:
    description: Whether the document is to be there.
    type: str
    choices: [present, absent]
    default: present
  content:
    description:
      - The document, as YAML text. Use the lookup C(template) for templates.
      - One of I(content), I(src) and I(modules) is needed with I(state=present).
    type: str
  src:
    description:
      - A file with the document, on the controller unless I(remote_src).
    type: path
  remote_src:
    description: Whether I(src) is on the managed host.
    type: bool
    default: false
  modules:
    description:
      - The modules of the document, each a mapping with the keys that a document has, for example C(name), C(version),
        C(state), C(source), C(kernels), C(directives), C(timeout), C(protect), C(build), C(tarballs) and C(initramfs).
      - Put versions into quotes. C(1.10) without them is a number to YAML, which is refused here, since it would be C(1.1).
    type: list
    elements: dict
  kernels:
    description: The kernels for modules that name none, as C(kernels) of a document. Only with I(modules).
    type: list
    elements: raw
  unlisted:
    description: What becomes of modules that no document lists, as C(unlisted) of a document. Only with I(modules).
    type: str
    choices: [report, ignore, prune]
  apply:
    description:
      - Whether to apply the desired state. Without it only the document is changed, and the next run of dkms-agent applies
        it.
    type: bool
    default: true
attributes:
  action:
    description: Has an action plugin of its own on the controller, which reads I(src).
    support: full
seealso:
  - module: dkms_agent.dkms.dkms_module
  - module: dkms_agent.dkms.dkms_info
"""

EXAMPLES = r"""
- name: Modules of this group of hosts
  dkms_agent.dkms.dkms_state:
    name: base
    kernels: [with-headers]
    unlisted: prune
    modules:
      - {name: v4l2loopback, version: "0.12.7"}
      - {name: old-driver, version: "*", state: absent}

- name: A document of the controller
  dkms_agent.dkms.dkms_state:
    name: network
    src: files/network.yaml

- name: A document from a template; headers may come later
  dkms_agent.dkms.dkms_state:
    name: graphics
    content: "{{ lookup('ansible.builtin.template', 'graphics.yaml.j2') }}"
    blocked: warn

- name: No document of that name
  dkms_agent.dkms.dkms_state:
    name: trial
    state: absent
"""

RETURN = r"""
document:
  description: The document.
  returned: always
  type: str
  sample: /etc/dkms-agent/desired-state/base.yaml
backup_file:
  description: What the document was before.
  returned: changed, with I(backup)
  type: str
changes:
  description:
    - What differed from what is wanted, one for each module and kernel, with C(address), C(actions), C(reason), C(before),
      C(after), C(drift) and C(source). In check mode, what a real run would change.
  returned: always
  type: list
  elements: dict
  sample:
    - address: v4l2loopback/0.12.7@6.1.0-56-amd64/x86_64
      actions: [add, build, install]
      before: absent
      after: installed
blocked:
  description:
    - What is wanted and cannot be reached now, with C(address), C(reason), C(code), C(text), C(remedy) and C(source).
  returned: always
  type: list
  elements: dict
not_applicable:
  description: What is wanted and excluded by the dkms.conf of the module, with C(address) and C(text). Never an error.
  returned: always
  type: list
  elements: dict
failures:
  description:
    - The steps that failed, with C(address), C(step), C(code), C(message), C(path), C(remedy), and the last lines of the log
      as C(log.tail).
  returned: always
  type: list
  elements: dict
reboot_required:
  description: Whether something wanted only comes with a reboot. Null where that is not known, in check mode above all.
  returned: always
  type: bool
reboot_reasons:
  description: Why.
  returned: always
  type: list
  elements: str
diagnostics:
  description: What is wrong with the documents, or keeps a run from being begun.
  returned: when there is something
  type: list
  elements: dict
exit_code:
  description: The exit code of dkms-agent; C(143) and the like where a signal has stopped it.
  returned: when it has run, and not in check mode
  type: int
"""

import io

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dkms_agent.dkms.plugins.module_utils.agent import Agent, common_arguments, run_arguments
from ansible_collections.dkms_agent.dkms.plugins.module_utils.converge import converge
from ansible_collections.dkms_agent.dkms.plugins.module_utils.documents import Document, document_arguments
from ansible_collections.dkms_agent.dkms.plugins.module_utils.yaml_text import BadValue, document_text

REMARK = "Written by the Ansible module dkms_agent.dkms.dkms_state, which overwrites what is changed here."


def main():
    module = AnsibleModule(
        argument_spec=dict(
            common_arguments,
            name=dict(type="str", required=True),
            state=dict(type="str", choices=["present", "absent"], default="present"),
            content=dict(type="str"),
            src=dict(type="path"),
            remote_src=dict(type="bool", default=False),
            modules=dict(type="list", elements="dict"),
            kernels=dict(type="list", elements="raw"),
            unlisted=dict(type="str", choices=["report", "ignore", "prune"]),
            apply=dict(type="bool", default=True),
            **dict(run_arguments, **document_arguments)
        ),
        mutually_exclusive=[("content", "src", "modules")],
        required_if=[("state", "present", ("content", "src", "modules"), True)],
        required_by={"kernels": "modules", "unlisted": "modules"},
        supports_check_mode=True,
    )
    agent = Agent(module)
    text = _text(module) if module.params["state"] == "present" else None
    converge(agent, Document(agent, module.params["name"], text), [], apply=module.params["apply"])


def _text(module):
    params = module.params
    if params["content"] is not None:
        return params["content"]
    if params["src"] is not None:
        return _file(module, params["src"])
    settings = dict((key, params[key]) for key in ("kernels", "unlisted") if params[key] is not None)
    try:
        return document_text(REMARK, settings, params["modules"])
    except BadValue as error:
        module.fail_json(msg=str(error))


def _file(module, path):
    try:
        with io.open(path, encoding="utf-8") as stream:
            return stream.read()
    except (IOError, OSError) as error:
        module.fail_json(msg="src: {0} cannot be read: {1}.".format(path, error.strerror))
    except UnicodeError:
        module.fail_json(msg="src: {0} is not UTF-8.".format(path))


if __name__ == "__main__":
    main()
