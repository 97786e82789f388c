import { suite } from "uvu";
import { type Controller, controller, type MachineMaker } from "./ansible.ts";
import { type AnsibleHost, ansibleHost } from "./ansible-host.ts";
import { testNeeding } from "./test-needing.ts";

export interface AnsibleSuite<T> {
  readonly test: (title: string, run: (context: T) => Promise<void>) => void;
  readonly run: () => void;
}

const needs = ["ansible", "root", "kmod", "flock"] as const;

/** Tests of the modules of the collection, each with a controller of its own. */
export function ansibleSuite(
  title: string,
): AnsibleSuite<{ readonly ansible: Controller; readonly machine: MachineMaker }> {
  const tests = suite<{ ansible: Controller; machine: MachineMaker }>(title);
  tests.before.each((context) => {
    context.ansible = controller();
    context.machine = context.ansible.machine;
  });
  tests.after.each(({ ansible }) => ansible.remove());
  return {
    test: (name, run) => testNeeding(tests, needs, name, (_, context) => run(context)),
    run: () => tests.run(),
  };
}

/** Tests of the role, each with a controller and a machine of its own, on which are modules, by name and version. */
export function ansibleRoleSuite(
  title: string,
  modules: Readonly<Record<string, string>>,
): AnsibleSuite<{ readonly ansible: Controller; readonly host: AnsibleHost }> {
  const tests = suite<{ ansible: Controller; host: AnsibleHost }>(title);
  tests.before.each((context) => {
    context.ansible = controller();
    context.host = ansibleHost(context.ansible, modules);
  });
  tests.after.each(({ ansible, host }) => {
    host.remove();
    ansible.remove();
  });
  return {
    test: (name, run) => testNeeding(tests, [...needs, "unshare"], name, (_, context) => run(context)),
    run: () => tests.run(),
  };
}
