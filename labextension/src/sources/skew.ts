/** Page and manager speak versions of one API; which side is behind is said in words. */

/** Equal to `arp_nb.settings.API_VERSION`; a test holds it. */
export const API_VERSION = 1;

/** "" if a manager that speaks version `theirs` can be spoken to, else who must upgrade. */
export function skew(theirs: number): string {
  if (theirs === API_VERSION) return "";
  const said = `The batch manager speaks version ${theirs} of the API, this page version ${API_VERSION}.`;
  return theirs > API_VERSION
    ? `${said} Load the page again; if that does not help, upgrade arp-nb where the page comes from.`
    : `${said} Upgrade arp-nb on the manager's side, then run: jupyter arp manager stop`;
}
