/** What happens, in its order, for one reader. */
export interface Mailbox<T> {
  readonly put: (message: T) => void;
  /** Ends the reader's wait with this throw, and every later one. */
  readonly fail: (thrown: unknown) => void;
  /** The next message, as soon as there is one. */
  readonly take: () => Promise<T>;
  /** Whether the reader has kept up. */
  readonly isEmpty: () => boolean;
}

/** An empty mailbox. */
export function createMailbox<T>(): Mailbox<T> {
  const messages: T[] = [];
  let fault: { readonly thrown: unknown } | undefined;
  let wake: (() => void) | undefined;
  const ring = () => {
    wake?.();
    wake = undefined;
  };
  return {
    put: (message) => {
      messages.push(message);
      ring();
    },
    fail: (thrown) => {
      fault ??= { thrown };
      ring();
    },
    take: async () => {
      for (;;) {
        if (fault) throw fault.thrown;
        const [message] = messages.splice(0, 1);
        if (message !== undefined) return message;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    isEmpty: () => messages.length === 0,
  };
}
