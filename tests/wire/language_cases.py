"""Sessions of variables, matches and loops, whose requests are compared with Tsung's in order.

In the steps `@` stands for the session's own path. `fix` names the documented difference
of a session in which we ask for something else.
"""

from __future__ import annotations

from tests.wire.cases import Case


def get(path: str) -> str:
    """A request with variables in its path."""
    return f'<request subst="true"><http url="@/{path}" method="GET"/></request>'


def look(inside: str, path: str = "look") -> str:
    """A request that looks at its answer."""
    return f'<request subst="true">{inside}<http url="@/{path}" method="GET"/></request>'


def take(words: str, name: str = "v") -> str:
    return f'<dyn_variable name="{name}" {words}/>'


def variables(words: str, *names: str) -> str:
    inner = "".join(f'<var name="{name}"/>' for name in names)
    return f"<setdynvars {words}>{inner}</setdynvars>"


def value(text: str, name: str = "v") -> str:
    return variables(f'sourcetype="value" value="{text}"', name)


def erlang(body: str, *names: str) -> str:
    code = f"fun({{Pid,DynVars}})-> {body} end.".replace('"', "&quot;").replace("<", "&lt;")
    return variables(f'sourcetype="eval" code="{code}"', *(names or ("v",)))


def says(body: str, *fields: str) -> bytes:
    data = body.encode()
    head = ("HTTP/1.1 200 OK", f"Content-Length: {len(data)}", *fields, "", "")
    return "\r\n".join(head).encode() + data


def change(port: str, how: str) -> str:
    """Another target, of the same type; `how` is `store` or `restore`."""
    where = f'host="127.0.0.1" port="{{{port}}}" server_type="tcp"'
    return f'<change_type new_type="ts_http" {where} {how}="true"/>'


WHILE_X = '<while var="v" eq="x"/>'
SHOW = get("shown/%%_v%%")
NO = says("not yet")
LOOKUP = "{ok,V}=ts_dynvars:lookup(v,DynVars), "
JSON = '{"a":{"b":5,"c":"text","d":[1,2,3],"e":[{"k":"x","v":"one"},{"k":"y","v":"two"}]}}'
PAGE = (
    '<html><head><meta name="token" content="T1"></head><body><form>'
    '<input name="field" value="F1"/></form>'
    "<table><tr><td>a</td><td>b</td></tr></table></body></html>"
)


def _taken(name: str, words: str, body: str, *fields: str, fix: str = "") -> Case:
    return Case(name, look(take(words)) + SHOW, fix, answers=(says(body, *fields),))


_TAKEN = [
    _taken("re", 're="id=([0-9]+)"', "id=42;"),
    _taken("re without a match", 're="id=([0-9]+)"', "nothing"),
    _taken("re without a group", 're="id=[0-9]+"', "id=42;"),
    _taken("re with two groups", 're="(.)-(.)"', "a-b"),
    _taken("re over the head", 're="X-Id: (.*)\\r"', "body", "X-Id: h1"),
    _taken("re, a class", 're="([[:alpha:]]+)9"', "abc9"),
    _taken("re, a flag inside", 're="(?i)TOKEN=(\\w+)"', "token=ab"),
    _taken("re, lazy", 're="&lt;b>(.*?)&lt;/b>"', "<b>x</b><b>y</b>"),
    _taken("form field", "", "<input name='v' value='F1'>"),
    _taken("form field, type between", "", "<input name='v' type='hidden' value='F1'>"),
    _taken("form field, value first", "", "<input value='F1' name='v'>"),
    _taken("entities", 're="v=(.*)" decode="html_entities"', "v=a&amp;b"),
    _taken("xpath attribute", "xpath=\"//meta[@name='token']/@content\"", PAGE),
    _taken("xpath from the root", 'xpath="/html/body/form/input/@value"', PAGE),
    _taken("xpath text", 'xpath="//td[2]/text()"', PAGE),
    _taken("xpath, several", 'xpath="//td/text()"', PAGE),
    _taken("xpath, none", 'xpath="//nothing/@x"', PAGE),
    _taken("xpath count", 'xpath="count(//td)"', PAGE),
    _taken("json number", 'jsonpath="a.b"', JSON),
    _taken("json text", 'jsonpath="$.a.c"', JSON),
    _taken("json element", 'jsonpath="a.d[1]"', JSON),
    _taken("json filter", 'jsonpath="a.e[?k=y].v"', JSON),
    _taken("json, none", 'jsonpath="a.zzz"', JSON),
    _taken("json, every one", 'jsonpath="a.e[*].v"', JSON),
    _taken("no json", 'jsonpath="a.b"', "no json"),
    _taken("header", 'header="x-id"', "body", "X-Id: h1"),
    _taken("header, none", 'header="x-none"', "body"),
    _taken("header parameter", 'header="set-cookie/path"', "b", "Set-Cookie: a=b; Path=here"),
    Case(
        "two of one name",
        look(take('re="a=(.)"') + take('re="b=(.)"')) + SHOW,
        answers=(says("a=1 b=2"),),
    ),
]

_SET = [
    Case("value", value("x") + SHOW),
    Case(
        "value for two", variables('sourcetype="value" value="x"', "v", "w") + get("%%_v%%-%%_w%%.")
    ),
    Case("never set", SHOW),
    Case("constant text", variables('sourcetype="urandom_string" length="7"', "v") + SHOW),
    Case("one number", variables('sourcetype="random_number" start="4" end="4"', "v") + SHOW),
    Case("server", variables('sourcetype="server"', "v", "w") + SHOW),
    Case(
        "json of a variable",
        look(take('re="(.*)$"', "j"))
        + variables('sourcetype="jsonpath" from="j" jsonpath="a.c"', "v")
        + SHOW,
        answers=(says(JSON),),
    ),
    Case("erlang number", erlang("2 + 3") + SHOW),
    Case("erlang text", erlang('"a" ++ integer_to_list(7)') + SHOW),
    Case("erlang binary", erlang('<<"bin">>') + SHOW),
    Case(
        "erlang of a variable",
        value("abc") + erlang(LOOKUP + "string:to_upper(V)", "w") + get("%%_w%%"),
    ),
    Case(
        "erlang replace",
        value("a+b+c")
        + erlang(LOOKUP + 're:replace(V,"[+]","-",[global,{return,list}])', "w")
        + get("%%_w%%"),
    ),
    Case("erlang case", erlang("case 7 rem 4 of N when N > 2 -> big; _ -> small end") + SHOW),
    Case("erlang if", erlang('X = 4, if X == 3 -> "three"; true -> "other" end') + SHOW),
    Case(
        "a callback's text",
        # Tsung takes it for a list of characters, but that shows only for users 1 to 9.
        variables('sourcetype="erlang" callback="ts_user_server:get_unique_id"', "v") + SHOW,
    ),
    Case("erlang crash", get("a") + erlang(LOOKUP + "V") + SHOW),
    Case("a lone percent", value("x") + get("50%25/%%_v%%")),
]

_MATCHES = [
    Case("match goes on", look("<match>200 OK</match>") + get("b")),
    Case("match aborts", look('<match do="abort">200</match>') + get("b")),
    Case("nomatch aborts", look('<match do="abort" when="nomatch">404</match>') + get("b")),
    Case("nomatch goes on", look('<match do="abort" when="nomatch">200</match>') + get("b")),
    Case("first abort wins", look('<match>x</match><match do="abort">200</match>') + get("b")),
    Case(
        "loop until it fits",
        look('<match do="loop" sleep_loop="0" max_loop="5" when="nomatch">ready</match>')
        + get("b"),
        answers=(NO, NO, says("ready")),
    ),
    Case(
        "loop too often",
        look('<match do="loop" sleep_loop="0" max_loop="2" when="nomatch">ready</match>')
        + get("b"),
        answers=(NO,) * 9,
    ),
    Case(
        "loop of none",
        look('<match do="loop" sleep_loop="0" max_loop="0" when="nomatch">ready</match>')
        + get("b"),
        answers=(NO,) * 9,
    ),
    Case(
        "loop further back",
        get("a")
        + look(
            '<match do="loop" sleep_loop="0" max_loop="1" loop_back="1" when="nomatch">r</match>'
        )
        + get("b"),
        answers=(says("-"),) * 9,
    ),
    Case(
        "restart",
        get("a") + look('<match do="restart" max_restart="2" when="nomatch">r</match>') + get("b"),
        answers=(says("-"),) * 9,
    ),
    Case(
        "restart of none",
        get("a") + look('<match do="restart" max_restart="0" when="nomatch">r</match>') + get("b"),
        answers=(says("-"),) * 9,
    ),
    Case(
        "match with a variable",
        value("ready") + look('<match do="abort" subst="true">%%_v%%</match>') + get("b"),
        answers=(says("ready"),),
    ),
    Case(
        "without the head",
        look('<match do="abort" skip_headers="http">HTTP</match>') + get("b"),
        answers=(says("body"),),
    ),
    Case(
        "of a digest",
        look(
            '<match do="abort" skip_headers="http" apply_to_content="ts_digest:md5hex">'
            "841a2d689ad86bd1611447453c22c6fc</match>"
        )
        + get("b"),
        answers=(says("body"),),
    ),
    Case(
        "the second one's head",
        look('<match>x</match><match do="abort" skip_headers="http">HTTP</match>') + get("b"),
        "each match prepares the answer for itself",
        answers=(says("body"),),
    ),
]

_LOOPS = [
    Case("for", f'<for var="v" from="1" to="4" incr="2">{SHOW}</for>'),
    Case("for backwards", f'<for var="v" from="5" to="1">{SHOW}</for>{get("after/%%_v%%")}'),
    Case("for with a bound", value("3", "n") + f'<for var="v" from="1" to="%%_n%%">{SHOW}</for>'),
    Case(
        "repeat until",
        f'<repeat name="r" max_repeat="9">{look(take("re=" + chr(34) + "(.)$" + chr(34)))}'
        '<until var="v" eq="3"/></repeat>' + get("after"),
        answers=(says("1"), says("2"), says("3"), says("4")),
    ),
    Case(
        "repeat while",
        f'<repeat name="r" max_repeat="2">{value("x")}{get("%%_r%%")}{WHILE_X}</repeat>'
        + get("after"),
    ),
    Case(
        "repeat of nothing",
        f'<repeat name="r">{get("a")}<while var="u" eq="x"/></repeat>' + get("b"),
    ),
    Case("if holds", value("x") + f'<if var="v" eq="x">{get("yes")}</if>' + get("after")),
    Case("if does not", value("x") + f'<if var="v" neq="x">{get("yes")}</if>' + get("after")),
    Case("if of nothing", f'<if var="v" eq="x">{get("yes")}</if>' + get("after")),
    Case("if greater", value("5") + f'<if var="v" gt="4">{get("yes")}</if>' + get("after")),
    Case(
        "if of a variable",
        value("5") + value("5", "w") + f'<if var="v" eq="%%_w%%">{get("y")}</if>' + get("z"),
        "the value of an if is filled, as in Tsung 1.8; 1.7 does not",
    ),
    Case(
        "foreach",
        look(take('jsonpath="a.e[*].v"', "all"))
        + f'<foreach name="v" in="all">{get("%%_v%%/%%_v_iter%%")}</foreach>',
        answers=(says(JSON),),
    ),
    Case(
        "foreach, some",
        look(take('jsonpath="a.e[*].v"', "all"))
        + f'<foreach name="v" in="all" include="^t">{SHOW}</foreach>',
        answers=(says(JSON),),
    ),
    Case("abort", get("a") + "<abort/>" + get("b")),
    Case(
        "elsewhere",
        get("a")
        + '<change_type new_type="ts_http" host="127.0.0.1" port="{B}" server_type="tcp"/>'
        + get("b"),
    ),
    Case(
        "there and back",
        get("a") + change("B", "store") + get("b") + change("A", "restore") + get("c"),
    ),
]

CASES = (*_TAKEN, *_SET, *_MATCHES, *_LOOPS)
