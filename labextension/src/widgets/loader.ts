/**
 * What travels with every widget: how to get the code, which a page then holds once.
 *
 * anywidget sends its module with each instance and keeps it in saved notebooks. So that is
 * this, two kilobytes; the code itself comes from the page's own server, or from the kernel
 * where that server has none or another build (VS Code, a kernel elsewhere).
 */

import type { AnyModel } from "@anywidget/types";

import { origin } from "../sources/origin";

interface Traits {
  /** Module file and style sheet with their versions: `board.js?v=…`. */
  _files: readonly [script: string, style: string];
}
type Model = AnyModel<Traits>;
interface Code {
  default: { render(props: { model: Model; el: HTMLElement }): unknown };
}
interface Page {
  arpCode?: Map<string, Promise<Code>>;
}

async function fromServer([script, style]: Traits["_files"]): Promise<Code> {
  const base = `${origin()}arp/static/`;
  const ahead = document.createElement("link"); // fetch both at once: on the way to the first rows
  Object.assign(ahead, { rel: "modulepreload", href: base + script });
  document.head.append(ahead);
  const sheet = await fetch(base + style, { credentials: "same-origin" });
  if (!sheet.ok || !sheet.headers.get("Content-Type")?.startsWith("text/css")) throw new Error(`no ${style} here`);
  dress(style, await sheet.text());
  return (await import(base + script)) as Code;
}

function fromKernel(model: Model): Promise<Code> {
  return new Promise((resolve, reject) => {
    const hear = (message: { type?: unknown }, buffers: DataView[]): void => {
      const [script, style] = buffers;
      if (message.type !== "code" || !script || !style) return;
      model.off("msg:custom", hear);
      dress(model.get("_files")[1], new TextDecoder().decode(style));
      const address = URL.createObjectURL(new Blob([script as DataView<ArrayBuffer>], { type: "text/javascript" }));
      (import(address) as Promise<Code>).then(resolve, reject).finally(() => URL.revokeObjectURL(address));
    };
    model.on("msg:custom", hear);
    model.send({ type: "code" });
  });
}

/** Put the style sheet into the page, once for each build. */
function dress(name: string, text: string): void {
  if (document.querySelector(`style[data-arp="${name}"]`)) return;
  const style = document.createElement("style");
  style.dataset["arp"] = name;
  style.textContent = text;
  document.head.append(style);
}

function code(model: Model): Promise<Code> {
  const held = ((globalThis as Page).arpCode ??= new Map());
  const files = model.get("_files");
  let wanted = held.get(files[0]);
  if (!wanted) {
    wanted = fromServer(files).catch(() => fromKernel(model));
    held.set(files[0], wanted);
    wanted.catch(() => held.delete(files[0]));
  }
  return wanted;
}

export default {
  async render(props: { model: Model; el: HTMLElement }): Promise<unknown> {
    const waits = document.createElement("p");
    waits.textContent = "Loading …";
    props.el.append(waits);
    try {
      const { default: module } = await code(props.model);
      waits.remove();
      return await module.render(props);
    } catch (error) {
      waits.setAttribute("role", "alert");
      waits.textContent = `This widget's code could not be loaded: ${String(error)}. Show it again to try again.`;
      return undefined;
    }
  },
};
