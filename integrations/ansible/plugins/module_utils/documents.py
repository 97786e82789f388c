# -*- coding: utf-8 -*-
# SPDX-License-Identifier: MIT
"""One document in the directory of the desired state: what it is, what it is to be, and how it gets there."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import os
import tempfile

from ansible.module_utils.common.text.converters import to_bytes, to_native

document_arguments = dict(
    mode=dict(type="raw", default="0644"),
    backup=dict(type="bool", default=False),
)


class Document:
    """`text` is what it is to hold; None: it is to be gone."""

    def __init__(self, agent, name, text):
        self.module = agent.module
        self.directory = agent.desired_state
        self.path = os.path.join(self.directory, _file_name(self.module, name))
        self.mode = _mode(self.module)
        self.text = None if text is None else _encode(self.module, text)
        self.before = self._read()
        self.new_content = self.before != self.text
        self.changed = self.new_content or self._attributes(check=True)
        self.backup_file = None
        self._candidate = None

    def _read(self):
        """What is there now. Only a plain file, or a link to one, is opened: a FIFO would never answer."""
        try:
            if not os.path.isfile(self.path):
                if os.path.lexists(self.path) and not os.path.islink(self.path):
                    self.module.fail_json(msg="{0} is no file. Move it away: a document is to be there.".format(self.path))
                return None
            with open(self.path, "rb") as stream:
                return stream.read()
        except (IOError, OSError) as error:
            self.module.fail_json(msg="{0} cannot be read: {1}.{2}".format(self.path, error.strerror, become()))

    def check_place(self):
        """Fails the task where the document could not be changed. Nothing is done yet."""
        place = self.directory
        while not os.path.lexists(place):
            place = os.path.dirname(place)
        if not os.path.isdir(place):
            self.module.fail_json(msg="{0} is no directory, and documents are to be in {1}.".format(place, self.directory))
        if not os.access(place, os.W_OK | os.X_OK):
            self.module.fail_json(msg="{0} cannot be written to.{1}".format(place, become()))

    def trial_options(self):
        """The options with which dkms-agent sees the directory as it is to be; None: no document would be left in it."""
        if self.text is not None:
            if not self.changed:
                return ["--desired", self.directory]
            if self._candidate is None:
                handle, self._candidate = tempfile.mkstemp(suffix=".yaml", dir=self.module.tmpdir)
                with os.fdopen(handle, "wb") as stream:
                    stream.write(self.text)
            return ["--desired", self.directory, "--candidate", self._candidate, "--in-place-of", self.path]
        others = self.others()
        if not others:
            return None
        return [word for name in others for word in ("--desired", os.path.join(self.directory, name))]

    def others(self):
        """The other documents that dkms-agent reads there."""
        try:
            names = os.listdir(self.directory)
        except OSError as error:
            if error.errno == errno.ENOENT:
                return []
            self.module.fail_json(msg="{0} cannot be read: {1}.{2}".format(self.directory, error.strerror, become()))
        own = os.path.basename(self.path)
        return sorted(name for name in names if name.endswith(".yaml") and not name.startswith(".") and name != own)

    def write(self):
        """Puts the document into its place, or takes it away, in one step."""
        if not self.changed:
            return
        try:
            if self.new_content and self.before is not None and self.module.params["backup"]:
                self.backup_file = self.module.backup_local(self.path)
            if self.text is None:
                os.unlink(self.path)
                return
            if self.new_content:
                if not os.path.isdir(self.directory):
                    os.makedirs(self.directory, 0o755)
                self.trial_options()
                self.module.atomic_move(self._candidate, self.path)
            self._attributes(check=False)
        except (IOError, OSError) as error:
            self.module.fail_json(msg="{0} cannot be changed: {1}.{2}".format(self.path, error.strerror, become()))

    def _attributes(self, check):
        """Whether mode and owner differ; they are set unless it is only to be checked. Nobody else may write it."""
        if self.text is None or not os.path.isfile(self.path):
            return False
        found = os.stat(self.path)
        differs = (found.st_mode & 0o7777) != self.mode or found.st_uid != os.geteuid()
        if differs and not check:
            if found.st_uid != os.geteuid():
                os.chown(self.path, os.geteuid(), -1)
            os.chmod(self.path, self.mode)
        return differs

    def diff(self):
        """As --diff shows it: what it holds, or if that stays, who may do what with it."""
        header = dict(before_header=self.path, after_header=self.path)
        if self.new_content:
            return dict(header, before=_shown(self.before), after=_shown(self.text))
        found = os.stat(self.path)
        rights = "mode {0:04o}, owner {1}\n"
        before = rights.format(found.st_mode & 0o7777, found.st_uid)
        return dict(header, before=before, after=rights.format(self.mode, os.geteuid()))


def become():
    """What to do about missing rights, if that can be it."""
    return "" if os.geteuid() == 0 else " The task does not run as root: it needs become: true."


def _file_name(module, name):
    """Names are checked by dkms-agent too; here so that none leads out of the directory, and each is read."""
    stem = name[: -len(".yaml")] if name.endswith(".yaml") else name
    if stem == "" or stem.startswith(".") or "/" in stem or any(ord(one) < 32 for one in stem):
        msg = 'No document can be called {0!r}: a name is not empty, begins with no dot, and has no slash or line break in it.'
        module.fail_json(msg=msg.format(to_native(name)))
    if len(to_bytes(stem)) > 200:
        module.fail_json(msg="No document can have a name of {0} bytes.".format(len(to_bytes(stem))))
    return stem + ".yaml"


def _mode(module):
    given = module.params["mode"]
    try:
        mode = given if isinstance(given, int) else int(str(given), 8)
    except ValueError:
        mode = -1
    if not 0 <= mode <= 0o777:
        module.fail_json(msg='mode: {0!r} is no octal mode such as "0644".'.format(given))
    if mode & 0o022 or not mode & 0o400:
        msg = "mode: with {0:04o}, {1}. Give 0644, or less."
        others = "somebody else than root could write the document, and dkms-agent would refuse it"
        module.fail_json(msg=msg.format(mode, others if mode & 0o022 else "nobody could read the document"))
    return mode


def _encode(module, text):
    try:
        return text.encode("utf-8")
    except UnicodeError:
        module.fail_json(msg="The document is not UTF-8.")


def _shown(content):
    return "" if content is None else content.decode("utf-8", "replace")
