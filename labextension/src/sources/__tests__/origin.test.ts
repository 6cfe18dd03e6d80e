import { afterEach, expect, test } from "vitest";

import { baseUrl, xsrf } from "../origin";

function page(config: string): void {
  const script = document.createElement("script");
  script.id = "jupyter-config-data";
  script.type = "application/json";
  script.textContent = config;
  document.head.replaceChildren(script);
}
afterEach(() => document.head.replaceChildren());

test.each([
  ['{"baseUrl": "/user/dana/"}', "/user/dana/"],
  ['{"baseUrl": "/user/dana"}', "/user/dana/"],
  [`{"baseUrl": "${location.origin}/lab-server/"}`, "/lab-server/"],
  ['{"baseUrl": "https://elsewhere.example/"}', "/"],
  ['{"baseUrl": "//elsewhere.example/"}', "/"],
  ['{"baseUrl": 7}', "/"],
  ["{}", "/"],
  ["null", "/"],
  ["not JSON", "/"],
])("the page's configuration %s names the server at %s", (config, base) => {
  page(config);
  expect(baseUrl()).toBe(base);
});

test("a page without configuration is served from /", () => {
  expect(baseUrl()).toBe("/");
});

test.each([
  ["_xsrf=2|ab|cd", "2|ab|cd"],
  ["a=1; _xsrf=t1; _xsrf=t2", "t1"],
  ["not_xsrf=evil; b=2", ""],
  ["", ""],
])("of the cookies %j the token is %j", (cookies, token) => {
  expect(xsrf(cookies)).toBe(token);
});
