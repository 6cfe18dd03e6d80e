/**
 * What we use of JupyterLab 4.4 and later, and of Notebook 7: its packages come from the page
 * at run time, so no copy of them, nor of their types, is installed here.
 */

declare module "@lumino/coreutils" {
  export class Token<T> {
    constructor(name: string, description?: string);
    /** Never there: it ties `T` to the token for the type checker. */
    readonly _tokenStructuralPropertyT: T;
  }
}

declare module "@lumino/signaling" {
  export interface ISignal<S, A> {
    connect(slot: (sender: S, args: A) => void): boolean;
    disconnect(slot: (sender: S, args: A) => void): boolean;
  }
}

declare module "@lumino/messaging" {
  export interface Message {
    readonly type: string;
  }
}

declare module "@lumino/disposable" {
  export interface IDisposable {
    readonly isDisposed: boolean;
    dispose(): void;
  }
}

declare module "@lumino/widgets" {
  import type { Message } from "@lumino/messaging";

  export interface Title {
    label: string;
    caption: string;
    icon: unknown;
    closable: boolean;
  }
  export class Widget {
    constructor(options?: { node?: HTMLElement; tag?: string });
    readonly node: HTMLElement;
    readonly title: Title;
    readonly isDisposed: boolean;
    readonly isVisible: boolean;
    id: string;
    addClass(name: string): void;
    dispose(): void;
    protected onResize(message: Message): void;
    protected onAfterShow(message: Message): void;
    protected onAfterAttach(message: Message): void;
    protected onActivateRequest(message: Message): void;
  }
}

declare module "@lumino/commands" {
  import type { IDisposable } from "@lumino/disposable";

  export type Arguments = Readonly<Record<string, unknown>>;
  export interface CommandOptions {
    label: string | ((args: Arguments) => string);
    caption?: string;
    icon?: unknown;
    describedBy?: { args: object };
    execute(args: Arguments): unknown;
  }
  export class CommandRegistry {
    addCommand(id: string, options: CommandOptions): IDisposable;
    execute(id: string, args?: Arguments): Promise<unknown>;
  }
}

declare module "@jupyterlab/application" {
  import type { Arguments, CommandRegistry } from "@lumino/commands";
  import type { Token } from "@lumino/coreutils";
  import type { Widget } from "@lumino/widgets";
  import type { WidgetTracker } from "@jupyterlab/apputils";

  export interface JupyterFrontEnd {
    readonly commands: CommandRegistry;
    readonly shell: {
      add(widget: Widget, area: string, options?: { rank?: number }): unknown;
      activateById(id: string): void;
    };
    /** Of Lumino: a service by its token, started if need be; null if nobody provides it. */
    resolveOptionalService<T>(token: Token<T>): Promise<T | null>;
  }
  export interface JupyterFrontEndPlugin<T> {
    id: string;
    description: string;
    autoStart: boolean;
    optional?: Token<unknown>[];
    activate(app: JupyterFrontEnd, ...services: never[]): T | Promise<T>;
  }
  /** Only whether it is there: Notebook 7 has none. */
  export interface ILabShell {
    activateById(id: string): void;
  }
  export const ILabShell: Token<ILabShell>;
  export interface ILayoutRestorer {
    add(widget: Widget, name: string): void;
    restore<T extends Widget>(
      tracker: WidgetTracker<T>,
      options: { command: string; args?: (widget: T) => Arguments; name: (widget: T) => string },
    ): Promise<unknown>;
  }
  export const ILayoutRestorer: Token<ILayoutRestorer>;
}

declare module "@jupyterlab/apputils" {
  import type { Arguments } from "@lumino/commands";
  import type { Token } from "@lumino/coreutils";
  import { Widget } from "@lumino/widgets";

  export interface ICommandPalette {
    addItem(item: { command: string; category: string; args?: Arguments }): unknown;
  }
  export const ICommandPalette: Token<ICommandPalette>;

  export class MainAreaWidget<T extends Widget = Widget> extends Widget {
    constructor(options: { content: T });
    readonly content: T;
  }
  export class WidgetTracker<T extends Widget = Widget> {
    constructor(options: { namespace: string });
    add(widget: T): Promise<void>;
    save(widget: T): Promise<void>;
    find(match: (widget: T) => boolean): T | undefined;
  }

  export interface NotificationAction {
    label: string;
    callback(event: MouseEvent): void;
    caption?: string;
  }
  export interface NotificationOptions {
    autoClose?: number | false;
    actions?: NotificationAction[];
  }
  export const Notification: {
    error(message: string, options?: NotificationOptions): string;
    update(args: NotificationOptions & { id: string; message: string }): boolean;
  };
}

declare module "@jupyterlab/coreutils" {
  export const PageConfig: { getBaseUrl(): string };
}

declare module "@jupyterlab/settingregistry" {
  import type { Token } from "@lumino/coreutils";
  import type { ISignal } from "@lumino/signaling";

  export interface Settings {
    readonly composite: Readonly<Record<string, unknown>>;
    readonly changed: ISignal<Settings, void>;
  }
  export interface ISettingRegistry {
    load(plugin: string): Promise<Settings>;
  }
  export const ISettingRegistry: Token<ISettingRegistry>;
}

declare module "@jupyterlab/statedb" {
  import type { Token } from "@lumino/coreutils";

  export interface IStateDB {
    fetch(id: string): Promise<unknown>;
    save(id: string, value: unknown): Promise<void>;
  }
  export const IStateDB: Token<IStateDB>;
}

declare module "@jupyterlab/translation" {
  import type { Token } from "@lumino/coreutils";

  export interface TranslationBundle {
    __(text: string, ...parts: readonly (string | number)[]): string;
    _n(one: string, many: string, count: number, ...parts: readonly (string | number)[]): string;
  }
  export interface ITranslator {
    load(domain: string): TranslationBundle;
  }
  export const ITranslator: Token<ITranslator>;
  export const nullTranslator: ITranslator;
}

declare module "@jupyterlab/ui-components" {
  export class LabIcon {
    constructor(options: { name: string; svgstr: string });
  }
}

declare module "@jupyterlab/launcher" {
  import type { Arguments } from "@lumino/commands";
  import type { Token } from "@lumino/coreutils";

  export interface ILauncher {
    add(item: { command: string; category: string; rank?: number; args?: Arguments }): unknown;
  }
  export const ILauncher: Token<ILauncher>;
}

declare module "@jupyterlab/statusbar" {
  import type { Token } from "@lumino/coreutils";
  import type { IDisposable } from "@lumino/disposable";
  import type { Widget } from "@lumino/widgets";

  export interface IStatusBar {
    registerStatusItem(id: string, item: { item: Widget; align?: "left" | "right" | "middle"; rank?: number }): IDisposable;
  }
  export const IStatusBar: Token<IStatusBar>;
}
