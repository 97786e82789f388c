#!/usr/bin/python
# -*- coding: utf-8 -*-
# SPDX-License-Identifier: MIT

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: dkms_module
short_description: One out-of-tree kernel module, built and installed for the kernels of a host
version_added: 0.1.0
description:
  - Says in a document of its own, C(NAME.yaml) in the directory of the desired state, which version of a module is wanted
    for which kernels, and has dkms-agent make it so.
  - Since the document stays there, the timer and the kernel hooks of dkms-agent keep the module for kernels that come
    later, and mend what is lost.
  - A module that another document lists too is an error, which names the place.
  - Several versions of one module, for different kernels, need a document of their own, see
    M(dkms_agent.dkms.dkms_state).
author:
  - The dkms-agent authors (@dkms-agent)
extends_documentation_fragment:
  - dkms_agent.dkms.common
  - dkms_agent.dkms.common.run
options:
  name:
    description: The name of the module, as in C(PACKAGE_NAME) of its dkms.conf.
    type: str
    required: true
  version:
    description:
      - The version of the module, as in C(PACKAGE_VERSION). Needed unless I(state=absent), where it is every version by
        default.
      - Put it into quotes. C(1.10) without them is a number to YAML, which is refused here, since it would be C(1.1).
    type: raw
  state:
    description:
      - How far to bring the module for each of its kernels.
      - With C(absent) it is taken away from all kernels, and the document says so, so that it stays away. Options about how
        to make it do not count then, so that they may stay in the task.
    type: str
    choices: [installed, built, added, absent]
    default: installed
  kernels:
    description:
      - The kernels that it is for, as in a document, for example C(running), C(newest), C(with-headers), an exact release,
        or a mapping with C(match), C(regex), C(range) or C(not).
      - By default what the documents say for all modules, which is C([running, newest]) if they say nothing.
    type: list
    elements: raw
  source:
    description:
      - A directory on the managed host that is copied to the source tree. A relative one counts from I(desired_state). By
        default the source is there already.
    type: str
  directives:
    description:
      - Directives that override the dkms.conf of the module. True and false become C(yes) and C(no).
    type: dict
  tarballs:
    description: Archives of C(dkms mktarball) on the managed host, the one to prefer first.
    type: list
    elements: dict
    suboptions:
      path:
        description: The archive. A relative one counts from I(desired_state).
        type: str
        required: true
      sha256:
        description: The SHA-256 digest of the archive.
        type: str
        required: true
  build:
    description: Whether this host may build the module.
    type: str
    choices: [auto, never]
  timeout:
    description: How long one build may take, for example C(20m).
    type: str
  protect:
    description:
      - Whether no plan may uninstall or remove the module any more, until C(dkms-agent unprotect) lifts that.
    type: bool
  initramfs:
    description: Whether the initramfs of a kernel is made again when the objects of the module have changed.
    type: bool
  options:
    description: Further keys of the module in the document, for versions of dkms-agent that know more of them.
    type: dict
  force:
    description:
      - Replace a document that this module has not written.
    type: bool
    default: false
seealso:
  - module: dkms_agent.dkms.dkms_state
  - module: dkms_agent.dkms.dkms_info
"""

EXAMPLES = r"""
- name: V4l2loopback for the running kernel and the newest one
  dkms_agent.dkms.dkms_module:
    name: v4l2loopback
    version: "0.12.7"

- name: A driver whose source comes with it, for every kernel with headers but the real-time ones
  dkms_agent.dkms.dkms_module:
    name: vendor-driver
    version: "1.10"
    source: /opt/vendor/driver-1.10
    kernels: [with-headers, {not: "*-rt-*"}]
    directives: {STRIP: "no"}
    timeout: 20m

- name: A host without compiler has its binaries from an archive
  dkms_agent.dkms.dkms_module:
    name: nvidia
    version: "550.54.14"
    build: never
    tarballs:
      - path: /srv/dkms/nvidia-550.54.14.dkms.tar.gz
        sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08

- name: No version of the old driver
  dkms_agent.dkms.dkms_module:
    name: old-driver
    state: absent

- name: Headers of the newest kernel may come later
  dkms_agent.dkms.dkms_module:
    name: jool
    version: "4.1.9"
    blocked: warn
  register: jool

- name: Tell that the host should be rebooted
  ansible.builtin.debug:
    msg: "{{ jool.reboot_reasons }}"
  when: jool.reboot_required is true
"""

RETURN = r"""
document:
  description: The document.
  returned: always
  type: str
  sample: /etc/dkms-agent/desired-state/v4l2loopback.yaml
backup_file:
  description: What the document was before.
  returned: changed, with I(backup)
  type: str
changes:
  description:
    - What differed from what is wanted, one for each module and kernel. In check mode, what a real run would change.
  returned: always
  type: list
  elements: dict
  contains:
    address:
      description: NAME/VERSION@RELEASE/ARCH, or NAME/VERSION for a module as a whole.
      type: str
      sample: v4l2loopback/0.12.7@6.1.0-56-amd64/x86_64
    actions:
      description: The steps, in order.
      type: list
      elements: str
      sample: [add, build, install]
    reason:
      description: Why, as a stable C(code) and a C(text).
      type: dict
    before:
      description: How far it had come.
      type: str
      sample: absent
    after:
      description: How far it is to come.
      type: str
      sample: installed
    drift:
      description: How it came about; C(intentional), C(corrective) or C(first_seen).
      type: str
blocked:
  description: What is wanted and cannot be reached now.
  returned: always
  type: list
  elements: dict
  contains:
    address:
      description: NAME/VERSION@RELEASE/ARCH.
      type: str
    reason:
      description: A stable word.
      type: str
      sample: no-headers
    code:
      description: The code of the failure that it would end in.
      type: str
    text:
      description: One sentence.
      type: str
    remedy:
      description: What to do.
      type: str
not_applicable:
  description: What is wanted and excluded by the dkms.conf of the module, with C(address) and C(text). Never an error.
  returned: always
  type: list
  elements: dict
failures:
  description: The steps that failed.
  returned: always
  type: list
  elements: dict
  contains:
    address:
      description: What it was about.
      type: str
    step:
      description: What was tried.
      type: str
      sample: build
    code:
      description: Stable; the README of dkms-agent has them all.
      type: str
      sample: E_MAKE
    message:
      description: What happened.
      type: str
    path:
      description: The file that it is about, if any.
      type: str
    remedy:
      description: What to do, if that is known.
      type: str
    log:
      description: The C(path) of a log, and its last lines as C(tail).
      type: dict
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

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dkms_agent.dkms.plugins.module_utils.agent import Agent, common_arguments, run_arguments
from ansible_collections.dkms_agent.dkms.plugins.module_utils.converge import converge
from ansible_collections.dkms_agent.dkms.plugins.module_utils.documents import Document, document_arguments
from ansible_collections.dkms_agent.dkms.plugins.module_utils.yaml_text import BadValue, document_text

REMARK = "Written by the Ansible module dkms_agent.dkms.dkms_module, which overwrites what is changed here."

# Of an entry in a document, in the order in which a person would write them.
KEYS = [
    "name",
    "version",
    "state",
    "source",
    "kernels",
    "directives",
    "tarballs",
    "build",
    "timeout",
    "protect",
    "initramfs",
]


def main():
    module = AnsibleModule(
        argument_spec=dict(
            common_arguments,
            name=dict(type="str", required=True),
            version=dict(type="raw"),
            state=dict(type="str", choices=["installed", "built", "added", "absent"], default="installed"),
            kernels=dict(type="list", elements="raw"),
            source=dict(type="str"),
            directives=dict(type="dict"),
            tarballs=dict(
                type="list",
                elements="dict",
                options=dict(path=dict(type="str", required=True), sha256=dict(type="str", required=True)),
            ),
            build=dict(type="str", choices=["auto", "never"]),
            timeout=dict(type="str"),
            protect=dict(type="bool"),
            initramfs=dict(type="bool"),
            options=dict(type="dict"),
            force=dict(type="bool", default=False),
            **dict(run_arguments, **document_arguments)
        ),
        required_if=[("state", one, ["version"]) for one in ("installed", "built", "added")],
        supports_check_mode=True,
    )
    name = module.params["name"]
    agent = Agent(module)
    document = Document(agent, name + ".yaml", _text(module))
    _refuse_strange(module, document)
    converge(agent, document, ["--module", name])


def _text(module):
    params = module.params
    keys = KEYS
    if params["state"] == "absent":
        keys = ["name", "version", "state", "protect"]
    given = dict((key, params[key]) for key in keys if params[key] is not None)
    if params["version"] is None and params["state"] == "absent":
        given["version"] = "*"
    entry = dict((key, given[key]) for key in keys if key in given)
    entry.update(params["options"] or {})
    try:
        return document_text(REMARK, {}, [entry])
    except BadValue as error:
        module.fail_json(msg=str(error).replace("modules[0].", ""))


def _refuse_strange(module, document):
    """Somebody's own document may list other modules, which would be forgotten."""
    if document.before is None or module.params["force"] or not document.new_content:
        return
    if document.before.startswith(("# " + REMARK).encode("utf-8")):
        return
    msg = "{0} was not written by dkms_module. Move what it lists into tasks and remove it, or give force: true."
    module.fail_json(msg=msg.format(document.path))


if __name__ == "__main__":
    main()
