import type { ApplyEvent, StepPlace } from "../apply/event.ts";
import type { StepId } from "../plan/step.ts";
import { paint, type Terminal, truncate } from "./terminal.ts";
import { duration } from "./words.ts";

/** A block of lines at the end of a terminal that is drawn again and again, below everything that is said for good. */
export interface LiveProgress {
  /** Takes note of what runs now. */
  readonly note: (event: ApplyEvent) => void;
  /** Takes the block away while `say` writes, and draws it anew below. */
  readonly around: (say: () => void) => void;
  /** Takes the block away for good. */
  readonly end: () => void;
}

interface LiveOptions {
  readonly write: (text: string) => void;
  readonly terminal: Terminal;
  /** Milliseconds, for how long a step has been running. */
  readonly now: () => number;
}

interface Running {
  readonly label: string;
  readonly since: number;
}

/** What is known of the run so far. */
interface Course {
  readonly running: Map<StepId, Running>;
  readonly planned: Set<StepId>;
  readonly ended: Set<StepId>;
  readonly failures: Set<StepId>;
}

const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const frameMs = 120;

/** Shows each running step with its time, and how far the run has come. Only for a terminal: it moves the cursor. */
export function createLiveProgress({ write, terminal, now }: LiveOptions): LiveProgress {
  const course: Course = { running: new Map(), planned: new Set(), ended: new Set(), failures: new Set() };
  let drawn: readonly number[] = [];
  let frame = 0;
  const clear = () => {
    if (drawn.length > 0) write(`\u001b[${rowsOf(drawn, terminal)}A\r\u001b[J`);
    drawn = [];
  };
  const draw = () => {
    const block = liveBlock(course, { now: now(), frame, terminal });
    if (block.length > 0) write(`${block.map(({ shown }) => `${shown}\n`).join("")}`);
    drawn = block.map(({ length }) => length);
  };
  const redraw = () => {
    clear();
    draw();
  };
  const timer = setInterval(() => {
    frame = (frame + 1) % frames.length;
    if (course.running.size > 0) redraw();
  }, frameMs);
  timer.unref();
  return {
    note: (event) => {
      follow(course, event, now());
      redraw();
    },
    around: (say) => {
      clear();
      say();
      draw();
    },
    end: () => {
      clearInterval(timer);
      clear();
      course.running.clear();
    },
  };
}

/** A terminal that was made narrower meanwhile has broken the lines that were drawn. */
function rowsOf(lengths: readonly number[], { columns }: Terminal): number {
  return lengths.reduce((rows, length) => rows + Math.max(1, Math.ceil(length / columns)), 0);
}

function follow({ running, planned, ended, failures }: Course, event: ApplyEvent, since: number): void {
  if (event.type === "planned_change") for (const id of event.change.stepIds) planned.add(id);
  if (event.type === "step_start") running.set(event.id, { label: labelOf(event), since });
  if (event.type === "step_errored") failures.add(event.id);
  if (event.type === "step_complete" || event.type === "step_errored" || event.type === "step_skipped") {
    running.delete(event.id);
    ended.add(event.id);
  }
}

function labelOf({ kind, address }: StepPlace): string {
  return `${kind} ${address}`;
}

interface Moment {
  readonly now: number;
  readonly frame: number;
  readonly terminal: Terminal;
}

interface LiveLine {
  readonly shown: string;
  /** Without colours. */
  readonly length: number;
}

/** The steps that run longest, as many as leave room on the screen, and the sum of all. Nothing where nothing runs. */
function liveBlock(course: Course, moment: Moment): readonly LiveLine[] {
  const steps = [...course.running.values()];
  if (steps.length === 0) return [];
  const room = Math.max(1, moment.terminal.rows - 3);
  const shown = steps.slice(0, room).map((step) => liveLine(step, moment));
  return [...shown, ...sumLine(course, steps.length - shown.length, moment)];
}

function sumLine({ planned, ended, failures }: Course, hidden: number, { terminal }: Moment): readonly LiveLine[] {
  if (planned.size <= 1) return [];
  const more = hidden > 0 ? `, ${hidden} more running` : "";
  const bad = failures.size > 0 ? `, ${failures.size} failed` : "";
  const text = truncate(`  ${ended.size} of ${planned.size} steps done${bad}${more}`, terminal.columns - 1);
  return [{ shown: paint(terminal, "quiet", text), length: text.length }];
}

/** One column less than there are: a full last column makes some terminals wrap. */
function liveLine({ label, since }: Running, { now, frame, terminal }: Moment): LiveLine {
  const time = duration(now - since);
  const room = terminal.columns - 1 - 4 - 2 - time.length;
  const cut = truncate(label, room);
  return {
    shown: `  ${paint(terminal, "place", frames[frame] ?? "")} ${cut}  ${paint(terminal, "quiet", time)}`,
    length: 4 + cut.length + 2 + time.length,
  };
}
