import type { ApplyEvent, StepPlace } from "../apply/event.ts";
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

const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const frameMs = 120;

/** Shows the running steps with their time. Only for a terminal: it moves the cursor. */
export function createLiveProgress({ write, terminal, now }: LiveOptions): LiveProgress {
  const running = new Map<string, Running>();
  let drawn = 0;
  let frame = 0;
  const clear = () => {
    if (drawn > 0) write(`\u001b[${drawn}A\r\u001b[J`);
    drawn = 0;
  };
  const draw = () => {
    const block = [...running.values()].map((step) => liveLine(step, { now: now(), frame, terminal }));
    if (block.length > 0) write(`${block.join("\n")}\n`);
    drawn = block.length;
  };
  const redraw = () => {
    clear();
    draw();
  };
  const timer = setInterval(() => {
    frame = (frame + 1) % frames.length;
    if (running.size > 0) redraw();
  }, frameMs);
  timer.unref();
  return {
    note: (event) => {
      follow(running, event, now());
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
      running.clear();
    },
  };
}

function follow(running: Map<string, Running>, event: ApplyEvent, since: number): void {
  if (event.type === "step_start") running.set(event.id, { label: labelOf(event), since });
  if (event.type === "step_complete" || event.type === "step_errored") running.delete(event.id);
}

function labelOf({ kind, address }: StepPlace): string {
  return `${kind} ${address}`;
}

/** One column less than there are: a full last column makes some terminals wrap. */
function liveLine(
  { label, since }: Running,
  { now, frame, terminal }: { readonly now: number; readonly frame: number; readonly terminal: Terminal },
): string {
  const time = duration(now - since);
  const room = terminal.columns - 1 - 4 - 2 - time.length;
  return `  ${paint(terminal, "place", frames[frame] ?? "")} ${truncate(label, room)}  ${paint(terminal, "quiet", time)}`;
}
