# -*- coding: utf-8 -*-
# SPDX-License-Identifier: MIT
from __future__ import absolute_import, division, print_function

__metaclass__ = type


class ModuleDocFragment(object):
    # Options of every module of the collection.
    DOCUMENTATION = r"""
options:
  executable:
    description:
      - The program. By default C(dkms-agent) is looked for on the PATH, and in C(/usr/local/bin), C(/usr/local/sbin),
        C(/usr/bin) and C(/usr/sbin).
    type: path
  root:
    description:
      - Work on the system below this directory, for example an image that is being made. Nothing outside of it is
        written.
    type: path
  desired_state:
    description:
      - The directory of documents. By default C(/etc/dkms-agent/desired-state), below I(root) if that is given.
    type: path
requirements:
  - dkms-agent, and Node.js 20.19 or later, on the managed host
  - Python 3.6 or later on the managed host
"""

    # Options of modules that change a document and apply it.
    RUN = r"""
options:
  mode:
    description:
      - The mode of the document. What somebody else than root may write is refused.
      - Its owner is the user that the task runs as.
    type: raw
    default: "0644"
  backup:
    description:
      - Keep what the document was before beside it, under a name that dkms-agent does not read.
    type: bool
    default: false
  blocked:
    description:
      - What to do if something that is wanted cannot be reached now, for example since the headers of a kernel are not
        there.
      - With C(fail) the task fails, with C(warn) there is a warning for each, with C(ignore) they are only in the result.
        In each case everything else is done first, and the next run of dkms-agent takes up what is blocked.
    type: str
    choices: [fail, warn, ignore]
    default: fail
  retry:
    description:
      - Try again now what failed before, without waiting until its next try is due.
    type: bool
    default: false
  allow_in_use:
    description:
      - Uninstall also what is loaded into the running kernel. It stays loaded until the next boot.
    type: bool
    default: false
  allow_insecure_files:
    description:
      - Read also documents and archives that somebody else than root can write to.
    type: bool
    default: false
  lock_timeout:
    description:
      - How long to wait for another run of dkms-agent on this host, for example C(30s), C(5m) or C(0).
      - By default what the settings of the agent say, which is C(30s) if they say nothing.
    type: str
notes:
  - Run as root (C(become=true)), unless I(root) names a tree of your own.
  - Kernels, headers and toolchains are looked at on the managed host. In check mode everything is planned with the
    document as it would be, and nothing is written.
  - Environment variables, for example C(PATH) for a Node.js at an unusual place, are set with the keyword
    C(environment) of the task.
  - No option holds a secret. The paths of signing keys are a matter of the settings of the agent.
  - Stopping the playbook stops dkms-agent too; it leaves every module as it was, or as it is wanted.
attributes:
  check_mode:
    description: Can run in C(check_mode) and says exactly what a real run would change, without changing anything.
    support: full
  diff_mode:
    description: Shows the difference of the document, and of each module for each kernel.
    support: full
  platform:
    description: Where it can be used.
    support: full
    platforms: linux
"""
