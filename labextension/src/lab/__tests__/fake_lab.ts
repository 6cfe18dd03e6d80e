/** JupyterLab as the plugin sees it: every package in one module, and an application that notes what is put into it. */

type Slot<S, A> = (sender: S, args: A) => void;

class Signal<S, A> {
  readonly #slots = new Set<Slot<S, A>>();
  connect(slot: Slot<S, A>): boolean {
    this.#slots.add(slot);
    return true;
  }
  disconnect(slot: Slot<S, A>): boolean {
    return this.#slots.delete(slot);
  }
  emit(sender: S, args: A): void {
    for (const slot of this.#slots) slot(sender, args);
  }
}

class Token {
  constructor(readonly name: string) {}
}
export const ILabShell = new Token("shell");
export const ILayoutRestorer = new Token("restorer");
export const ICommandPalette = new Token("palette");
export const ISettingRegistry = new Token("settings");
export const IStateDB = new Token("state");
export const ITranslator = new Token("translator");
export const ILauncher = new Token("launcher");
export const IStatusBar = new Token("status bar");

const put = (text: string, parts: readonly unknown[]): string => text.replace(/%(\d)/g, (_, at: string) => String(parts[Number(at) - 1]));
export const nullTranslator = {
  load: () => ({
    __: (text: string, ...parts: unknown[]) => put(text, parts),
    _n: (one: string, many: string, count: number, ...parts: unknown[]) => put(count === 1 ? one : many, [count, ...parts]),
  }),
};

export class LabIcon {}
export const PageConfig = { getBaseUrl: () => "/user/me/" };

export class Widget {
  readonly node = document.createElement("div");
  readonly title = { label: "", caption: "", icon: null as unknown, closable: false };
  id = "";
  isDisposed = false;
  isVisible = false;
  addClass(name: string): void {
    this.node.classList.add(name);
  }
  dispose(): void {
    this.isDisposed = true;
    this.node.remove();
  }
  protected onResize(): void {}
  protected onAfterShow(): void {}
  protected onAfterAttach(): void {}
  protected onActivateRequest(): void {}
}

/** A main area widget shows its content as soon as it is in the shell. */
export class MainAreaWidget extends Widget {
  readonly content: Widget;
  constructor(options: { content: Widget }) {
    super();
    this.content = options.content;
    this.node.append(this.content.node);
  }
}

export class WidgetTracker {
  readonly widgets: Widget[] = [];
  async add(widget: Widget): Promise<void> {
    this.widgets.push(widget);
  }
  async save(): Promise<void> {}
  find(match: (widget: Widget) => boolean): Widget | undefined {
    return this.widgets.filter((one) => !one.isDisposed).find(match);
  }
}

interface Shown {
  message: string;
  actions: { label: string; callback(): void }[];
}
/** What is shown now, by id. */
export const notifications = new Map<string, Shown>();
let made = 0;
export const Notification = {
  error(message: string, options: { actions: Shown["actions"] }): string {
    const id = `n${++made}`;
    notifications.set(id, { message, actions: options.actions });
    return id;
  },
  update({ id, message, actions }: Shown & { id: string }): boolean {
    if (!notifications.has(id)) return false;
    notifications.set(id, { message, actions });
    return true;
  },
};

interface Command {
  label: string | ((args: object) => string);
  execute(args: object): unknown;
}

export class FakeApp {
  readonly name = "JupyterLab";
  readonly added: { widget: Widget; area: string }[] = [];
  readonly activated: string[] = [];
  readonly known = new Map<string, Command>();
  readonly services = new Map<unknown, unknown>();
  readonly commands = {
    addCommand: (id: string, command: Command) => void this.known.set(id, command),
  };
  readonly shell = {
    currentWidget: null,
    add: (widget: Widget, area: string) => {
      this.added.push({ widget, area });
      document.body.append(widget.node);
      if (!(widget instanceof MainAreaWidget)) return;
      widget.content.isVisible = true;
      (widget.content as unknown as { onAfterShow(message: object): void }).onAfterShow({});
    },
    activateById: (id: string) => void this.activated.push(id),
  };
  async resolveOptionalService(token: unknown): Promise<unknown> {
    return this.services.get(token) ?? null;
  }
  run(id: string, args: object = {}): unknown {
    return this.known.get(id)!.execute(args);
  }
  in(area: string): Widget[] {
    return this.added.filter((one) => one.area === area && !one.widget.isDisposed).map(({ widget }) => widget);
  }
}

export class FakeSettings {
  composite: Record<string, unknown> = { experiment: "", notify: "failures", statusBar: true };
  readonly changed = new Signal<FakeSettings, void>();
  set(changes: Record<string, unknown>): void {
    this.composite = { ...this.composite, ...changes };
    this.changed.emit(this, undefined);
  }
}
