/** Where the page's own Jupyter server is, and what it must be shown to be believed. */

/**
 * Path of the server as `/` or `/user/dana/`: from the page's `#jupyter-config-data`, which
 * JupyterLab, Notebook and Voila write. "/" where there is none, or it names another origin.
 */
export function baseUrl(page: Document = document): string {
  try {
    const data = page.getElementById("jupyter-config-data")?.textContent ?? "{}";
    const found: unknown = (JSON.parse(data) as { baseUrl?: unknown }).baseUrl;
    if (typeof found !== "string") return "/";
    const url = new URL(found, page.location.href);
    if (url.origin !== page.location.origin) return "/";
    return url.pathname.endsWith("/") ? url.pathname : `${url.pathname}/`;
  } catch {
    return "/";
  }
}

/** Value of the cookie `_xsrf`; "" if there is none. The nearest path's stands first. */
export function xsrf(cookies: string = document.cookie): string {
  return /(?:^|;\s*)_xsrf=([^;]*)/.exec(cookies)?.[1] ?? "";
}

/** Address of the server with its origin: a module that came as a blob has none of its own. */
export function origin(page: Document = document): string {
  return page.location.origin + baseUrl(page);
}
