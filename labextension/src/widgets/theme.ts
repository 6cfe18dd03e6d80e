/**
 * Light or dark, where no JupyterLab says so: what the address asks for, else Voila's option,
 * else what the viewer's system is set to, and changes with it.
 */

const DARK = "(prefers-color-scheme: dark)";

/** `asked`: "dark", "light" or anything else. */
export function followTheme(asked: string | null): void {
  const system = matchMedia(DARK);
  // Voila's template writes false only where dark was asked of it
  const given = asked === "dark" || document.body.dataset["jpThemeLight"] === "false" ? "dark" : asked === "light" ? "light" : null;
  const set = (): void => {
    const dark = given ? given === "dark" : system.matches;
    document.body.dataset["jpThemeLight"] = String(!dark);
    document.documentElement.style.colorScheme = dark ? "dark" : "light";
  };
  set();
  if (!given) system.addEventListener("change", set);
}
