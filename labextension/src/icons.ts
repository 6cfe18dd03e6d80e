/** Icons as shapes on a 16 x 16 field, drawn with elements: no font, no HTML, no sprite. */

type Shape = readonly [tag: string, attributes: Readonly<Record<string, string>>];

const ICONS = {
  "request": [["circle", {"cx": "8", "cy": "8", "r": "6.2", "stroke-dasharray": "1.4 2.5"}], ["path", {"d": "M8 11.2V5M5.6 7.2 8 4.8l2.4 2.4"}]],
  "tray": [["path", {"d": "M2 9.5v4.3h12V9.5M8 2v7.2M5.4 6.8 8 9.4l2.6-2.6"}]],
  "hourglass": [["path", {"d": "M4 1.8h8M4 14.2h8M4.8 1.8c0 3.4 3.2 4 3.2 6.2s-3.2 2.8-3.2 6.2M11.2 1.8C11.2 5.2 8 5.8 8 8s3.2 2.8 3.2 6.2"}]],
  "clock": [["circle", {"cx": "8", "cy": "8", "r": "6.2"}], ["path", {"d": "M8 4.4V8l2.4 1.6"}]],
  "run": [["path", {"fill": "currentColor", "d": "M4.2 2.6 13 8l-8.8 5.4z"}]],
  "pause": [["rect", {"x": "2", "y": "2", "width": "12", "height": "12", "rx": "1.5"}], ["path", {"stroke-width": "2", "d": "M6.2 5.4v5.2M9.8 5.4v5.2"}]],
  "tick": [["circle", {"cx": "8", "cy": "8", "r": "6.2"}], ["path", {"d": "m5 8.3 2.1 2.1L11 6"}]],
  "cross": [["path", {"fill": "currentColor", "stroke": "none", "d": "M5 1h6l4 4v6l-4 4H5l-4-4V5z"}], ["path", {"style": "stroke:var(--arp-glyph)", "stroke-width": "2", "d": "m5.4 5.4 5.2 5.2m0-5.2-5.2 5.2"}]],
  "ask": [["path", {"stroke-dasharray": "2.6 1.7", "d": "M8 1 15 8l-7 7-7-7z"}], ["path", {"d": "M6.3 6.5a1.75 1.75 0 1 1 2.6 1.5c-.6.4-.9.6-.9 1.2"}], ["circle", {"cx": "8", "cy": "11.3", "r": ".9", "fill": "currentColor", "stroke": "none"}]],
  "arp": [["path", {"d": "M2 3.5h5M2 8h7M2 12.5h5"}], ["path", {"fill": "currentColor", "d": "m10.5 4.6 4 3.4-4 3.4z"}]],
  "kill": [["circle", {"cx": "8", "cy": "8", "r": "6.2"}], ["rect", {"x": "5.6", "y": "5.6", "width": "4.8", "height": "4.8", "fill": "currentColor", "stroke": "none"}]],
  "trash": [["path", {"d": "M2.5 4.2h11M6 4V2.2h4V4M3.8 4.4l.7 9.4h7l.7-9.4M6.6 6.8v4.6M9.4 6.8v4.6"}]],
  "log": [["path", {"d": "M3 1.8h7l3 3v9.4H3zM5.4 6h3M5.4 8.6h5.2M5.4 11.2h5.2"}]],
  "info": [["rect", {"x": "1.8", "y": "2.8", "width": "12.4", "height": "10.4", "rx": "1"}], ["path", {"d": "M4.4 6h1M7.6 6h4M4.4 10h1M7.6 10h4"}]],
  "rerun": [["path", {"d": "M13.4 8.6A5.5 5.5 0 1 1 11.8 4L13.6 5.8M13.8 2.2v3.6h-3.6"}]],
  "search": [["circle", {"cx": "6.8", "cy": "6.8", "r": "4.6"}], ["path", {"d": "m10.3 10.3 4 4"}]],
  "funnel": [["path", {"d": "M2 3h12L9.6 8.4V12l-3.2 1.8V8.4z"}]],
  "cols": [["rect", {"x": "1.8", "y": "2.8", "width": "12.4", "height": "10.4", "rx": "1"}], ["path", {"d": "M6 3v10M10 3v10"}]],
  "down": [["path", {"d": "m3.5 6 4.5 4.5L12.5 6"}]],
  "up": [["path", {"d": "M3.5 10 8 5.5 12.5 10"}]],
  "right": [["path", {"d": "m6 3.5 4.5 4.5L6 12.5"}]],
  "x": [["path", {"d": "m3.8 3.8 8.4 8.4m0-8.4-8.4 8.4"}]],
  "plus": [["path", {"d": "M8 3v10M3 8h10"}]],
  "copy": [["rect", {"x": "5.5", "y": "5.5", "width": "8.3", "height": "8.3", "rx": "1"}], ["path", {"d": "M10.5 3.2V2.2H2.2v8.3h1"}]],
  "warn": [["path", {"d": "M8 1.8 15 14H1z"}], ["path", {"d": "M8 6.2v3.6"}], ["circle", {"cx": "8", "cy": "11.9", "r": ".8", "fill": "currentColor", "stroke": "none"}]],
  "user": [["circle", {"cx": "8", "cy": "5.2", "r": "3"}], ["path", {"d": "M2.5 14a5.5 5.5 0 0 1 11 0"}]],
  "follow": [["path", {"d": "M8 2v8M4.6 6.8 8 10.2l3.4-3.4M2.5 13.6h11"}]],
  "wrap": [["path", {"d": "M2 3.5h12M2 8h9.5a2.3 2.3 0 0 1 0 4.6H8.5M10.2 10.6l-2 2 2 2M2 12.6h3"}]],
  "help": [["circle", {"cx": "8", "cy": "8", "r": "6.4"}], ["path", {"d": "M6.2 6.3A1.850 1.850 0 1 1 8.9 8c-.6.3-.9.6-.9 1.2"}], ["circle", {"cx": "8", "cy": "11.4", "r": ".8", "fill": "currentColor", "stroke": "none"}]],
  "dl": [["path", {"d": "M8 2v7.5M4.8 6.5 8 9.7l3.2-3.2M2.5 11.5v2.3h11v-2.3"}]],
  "wall": [["rect", {"x": "1.5", "y": "2.5", "width": "13", "height": "8.5", "rx": "1"}], ["path", {"d": "M5 14h6M8 11v3"}]],
  "open": [["path", {"d": "M6.5 3H2.8v10.2H13V9.5M9.2 2.5h4.3v4.3M13.3 2.7 7.5 8.5"}]],
  "skip": [["circle", {"cx": "8", "cy": "8", "r": "6.2"}], ["path", {"d": "M3.8 12.2 12.2 3.8"}]],
  "check": [["path", {"d": "m3 8.6 3.4 3.4L13 4.8"}]],
} as const satisfies Record<string, readonly Shape[]>;

export type IconName = keyof typeof ICONS;

const SVG = "http://www.w3.org/2000/svg";

/** Draw an icon; it is hidden from screen readers, so its button needs a name. */
export function icon(name: IconName, size_px = 16): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "i");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  if (size_px !== 16) svg.style.cssText = `width:${size_px}px;height:${size_px}px`;
  for (const [tag, attributes] of ICONS[name] as readonly Shape[]) {
    const shape = document.createElementNS(SVG, tag);
    for (const [key, value] of Object.entries(attributes)) shape.setAttribute(key, value);
    svg.append(shape);
  }
  return svg;
}
