"""Fragments that no record may contain, each with its rejection code; `strategies` draws from them."""

import hashlib
from collections.abc import Iterable, Sequence


def _pairs(reason: str, fragments: Iterable[str]) -> list[tuple[str, str]]:
    return [(fragment, reason) for fragment in fragments]


#: JSON in place of any price or volume, and its rejection reason.
HOSTILE_NUMERALS = [
    *_pairs("bad_number", ['" 1 "', '"1_0"', '"\u0661\u0662"', '"\uff11"', '"NaN"', '"Infinity"', '"-inf"', '"sNaN"']),
    *_pairs(
        "bad_number", ['"1."', '".5"', '"+1"', '"01"', '""', '"0x10"', '"1e"', '"1,5"', '"--1"', '"1.2.3"', '"1,"']
    ),
    *_pairs("wrong_type", ["true", "false", "null", "[]", "{}", "[1]"]),
    *_pairs("non_finite_number", ["NaN", "Infinity", "-Infinity"]),
    *_pairs("not_json", ["01", "1.", ".5", "+1", "0x10", "1_0", "tru", "--1", "1e", "nan", "inf", "-", ""]),
    *_pairs(
        "too_many_digits", ["1e999999", '"1e999999"', "1e-999999", "-1e999999", "0e999999", "1e99999999999999999999"]
    ),
    *_pairs(
        "too_many_digits", ["1" * 21, f'"{"1" * 21}"', "0." + "1" * 31, f'"0.{"0" * 31}"', "1e20", "1E-31", "1e20"]
    ),
    *_pairs("too_many_digits", ["9" * 5_000, f'"{"9" * 5_000}"', f"1e{'9' * 5_000}", f"0.{'0' * 5_000}1"]),
]
HOSTILE_PRICES = _pairs("price_not_positive", ["0", '"0"', "-1", '"-0.01"', "0.000", '"-0"', "0e5", "-0", '"0.0e-3"'])
HOSTILE_VOLUMES = _pairs("volume_negative", ["-1", '"-0.1"', "-0", '"-0"', "-1e-5"])
HOSTILE_TIMESTAMPS = [
    *_pairs(
        "bad_timestamp", ["", "yesterday", "1795385086", "2026-11-22", "2026-11-22 22:04:46Z", "2026-11-22T22:04Z"]
    ),
    *_pairs("bad_timestamp", ["2026-11-22T22:04:46.Z", "2026-11-22T22:04:46.1234567890Z", "2026-11-22T22:04:46z"]),
    *_pairs(
        "bad_timestamp", ["2026-11-22T22:04:46+0100", " 2026-11-22T22:04:46Z", "2026-11-22T22:04:46Z ", "+2026-11-22"]
    ),
    *_pairs("bad_timestamp", ["2026-11-22T22:04:46,5Z", "\u0662026-11-22T22:04:46Z", "2026-1-2T22:04:46Z"]),
    *_pairs("no_time_zone", ["2026-11-22T22:04:46", "2026-11-22T22:04:46.123456789"]),
    *_pairs("impossible_date", ["2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-10T00:00:00Z"]),
    *_pairs("impossible_date", ["2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z"]),
    *_pairs("impossible_date", ["2016-12-31T23:59:60Z", "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00-00:60"]),
    *_pairs("impossible_date", ["0000-01-01T00:00:00Z", "1677-09-21T00:12:43.145224191Z", "9999-12-31T23:59:59Z"]),
]
#: JSON in place of one member of `extra`.
HOSTILE_MEMBERS = [
    *_pairs("duplicate_key", ['"a":1,"a":1', '"a":1,"b":2,"a":3', '"x":{"a":1,"a":2}', '"x":[[{"a":1,"a":2}]]']),
    *_pairs("duplicate_key", [r'"a":1,"\u0061":2', r'"":0,"":0', r'":":["v", ":"],":":1', r'"k\"":1,"k\"":1']),
    *_pairs(
        "control_character", [r'"a":"\u0000"', r'"a":"x\ny"', r'"\u001f":1', '"a":"\x7f"', '"a":"\x85"', r'"a":["\t"]']
    ),
    *_pairs("not_json", ['"a":"\x00"', '"a":"\n"', '"\x1f":1', '"a":"\t"', '"a":[1,]', '"a"', '"a":1,', '"a":\x0c1']),
    *_pairs("lone_surrogate", [r'"a":"\ud800"', r'"a":"\udc00x"', r'"\ud800":1', r'"a":["\ud800\u0041"]']),
    *_pairs("nesting_too_deep", [f'"a":{"[" * n}{"]" * n}' for n in (63, 500, 1_500)]),
    *_pairs("nesting_too_deep", ['"a":' + '{"a":' * n + "1" + "}" * n for n in (63, 990, 1_500)]),
    *_pairs("nesting_too_deep", ['"a":' + '["]",' * 70 + "1" + "]" * 70, r'"\\":' + r'["\"]",' * 70 + "1" + "]" * 70]),
    *_pairs("too_many_digits", ['"a":1e999999', f'"a":{"9" * 5_000}', '"a":[-1e-301]', f'"a":0.{"1" * 100}']),
    *_pairs("non_finite_number", ['"a":NaN', '"a":[-Infinity]']),
]
#: What a trade may not say of another one.
HOSTILE_AMENDMENTS: list[tuple[dict[str, str], str]] = [
    ({"action": "cancel"}, "missing_field"),
    ({"action": "correct"}, "missing_field"),
    ({"references": "1"}, "bad_value"),
    ({"action": "new", "references": "1"}, "bad_value"),
    ({"action": "bust"}, "bad_value"),
    ({"action": "delete", "references": "1"}, "bad_value"),
    ({"action": "cancel", "references": ""}, "bad_identifier"),
]
#: JSON in place of the entries of a side. Some would pass a mere count of keys.
HOSTILE_LEVELS = [
    *_pairs("duplicate_key", ['{"price":"1","volume":"1","price":"1"}', '{"price":1,"volume":1, "volume" :1}']),
    *_pairs(
        "duplicate_key", ['{"price":"1","price":"1","volume":"1"},{"volume":"1"}', r'{"price":"1","pr\u0069ce":"1"}']
    ),
    *_pairs("unknown_field", ['{"price":"1","volume":"1","size":"1"}', '{"price":"1","volume":"1","":1}']),
    *_pairs("wrong_type", ["null", "[]", "1", '"x"', '["1","2"]', '{"price":"1","volume":"1","order_count":true}']),
    *_pairs("wrong_type", [f'{{"price":"1","volume":"1","order_count":{n}}}' for n in ("1.0", "1e2", '"1"', "null")]),
    *_pairs("bad_value", [f'{{"price":"1","volume":"1","order_count":{n}}}' for n in (-1, 2**31, 10**40, "9" * 90)]),
]
HOSTILE_BOOK_LEVELS = [
    *HOSTILE_LEVELS,
    *_pairs("bad_level", ["{}", '{"volume":"1"}', '{"action":"delete","order_count":0}']),
    *_pairs("bad_value", ['{"price":"1","action":"Set"}', '{"price":"1","action":""}']),
    *_pairs("wrong_type", ['{"order_id":1.5}', '{"order_id":null}', '{"level_id":true}', '{"price":"1","action":1}']),
    *_pairs(
        "bad_identifier",
        ['{"order_id":""}', '{"level_id":" x"}', '{"order_id":"\u00e9"}', f'{{"order_id":"{"x" * 129}"}}'],
    ),
]
HOSTILE_DEPTH_LEVELS = [
    *HOSTILE_LEVELS,
    *_pairs("missing_field", ["{}", '{"volume":"1"}', '{"price":"1"}']),
    *_pairs("unknown_field", ['{"price":"1","volume":"1","order_id":"1"}']),
]
#: JSON in place of a symbol. Some look exactly like a valid one.
HOSTILE_SYMBOLS = [
    *_pairs("bad_symbol", ['""', '" A"', '"A "', f'"{"A" * 65}"', f'"{"A" * 5_000}"', '"\u00e9"', '" "', r'"\u0020A"']),
    *_pairs("bad_symbol", ['"\u0410APL"', '"IBM\u202e"', '"IBM\u200b"', '"\ufeffIBM"', '"IBM\u00a0"', '"\uff29BM"']),
    *_pairs("bad_symbol", ['"IBM\u2028"', r'"\ud83d\ude00"', '"\U0001f600"']),
    *_pairs("control_character", [r'"IBM\u0000"', r'"I\nBM"', r'"\u001bIBM"', '"IBM\x7f"', '"IBM\x85"']),
    *_pairs("lone_surrogate", [r'"IBM\ud800"', r'"\udc00IBM"']),
    *_pairs("not_json", ['"IBM\n"', '"IBM\x00"', '"IBM', "IBM", "'IBM'", r'"\x41"', r'"\u00"', '"IBM""']),
    *_pairs("wrong_type", ["5", "null", '["IBM"]', "{}", "true"]),
]
#: JSON in place of a field of any record.
HOSTILE_FIELDS = [
    *(("symbol", *rest) for rest in HOSTILE_SYMBOLS if rest[1] != "not_json"),
    *(("exchange", *rest) for rest in _pairs("bad_exchange", ['""', '"xnys"', '"X NYS"', f'"{"X" * 33}"', '"X/Y"'])),
    *(("sequence", *rest) for rest in _pairs("bad_identifier", ['""', '" 1"', f'"{"1" * 129}"', '"\u0661"', '"1 "'])),
    *(("sequence", *rest) for rest in _pairs("wrong_type", ["1.5", "1e5", "true", "null", "{}", "1.0", "-1e0"])),
    *(("checksum", *rest) for rest in _pairs("too_many_digits", ["9" * 101, "1" * 5_000])),
    *(("conditions", *rest) for rest in _pairs("wrong_type", ['"@"', "{}", "[1]", "[null]", "null"])),
    *(("conditions", *rest) for rest in _pairs("bad_value", ['[""]', '["\u00e9"]'])),
    *(("conditions", *rest) for rest in _pairs("too_long", [f'["{"x" * 65}"]', "[" + ",".join(['"x"'] * 65) + "]"])),
    *(("extra", *rest) for rest in _pairs("wrong_type", ["[]", '"{}"', "null", "1", "true"])),
    *(("type", *rest) for rest in _pairs("unknown_feed", ['"Trade"', '"quote"', '""', "null", "1", "[]", '"trade "'])),
    *(("bid", *rest) for rest in _pairs("unknown_field", ["1", '"1"', "null", "{}"])),
    *(
        (name, *rest)
        for name in ("symbol", "exchange", "timestamp")
        for rest in _pairs("wrong_type", ["1", "null", "[]"])
    ),
]
NOT_UTF8 = [b"\xff", b"\xc3", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\x80"]


def aggregate(records: Sequence[bytes]) -> bytes:
    """Records aggregated by the Kinesis Producer Library: magic number, protobuf, MD5. Byte 5 is a line feed."""
    packed = b"\x0a\x05key-0" + b"".join(
        b"\x1a" + _length(2 + len(inner)) + b"\x08\x00" + inner
        for inner in (b"\x1a" + _length(len(record)) + record for record in records)
    )
    return b"\xf3\x89\x9a\xc2" + packed + hashlib.md5(packed, usedforsecurity=False).digest()


def _length(number: int) -> bytes:
    return bytes([number]) if number < 0x80 else bytes([number & 0x7F | 0x80]) + _length(number >> 7)


#: Byte strings with one defect.
HOSTILE_BYTES = [
    (b"", "not_json"),
    (b" ", "not_json"),
    (b"\x00", "not_json"),
    (b"\xef\xbb\xbf{}", "not_json"),
    ("{}".encode("utf-16"), "not_utf8"),
    ("{}".encode("utf-16-le"), "not_json"),
    (b"{} {}", "not_json"),
    (b"{}\n{}", "not_json"),
    (b"{", "not_json"),
    (b"[1", "not_json"),
    (b"'a'", "not_json"),
    (b"{'a':1}", "not_json"),
    (b"<trade/>", "not_json"),
    (b'"\xff"', "not_utf8"),
    (b"\x1f\x8b\x08\x00", "not_utf8"),
    (b"\xf3\x89\x9a\xc2\x0a\x01", "kpl_aggregate"),
    (aggregate([b'{"a":1}', b"{}"]), "kpl_aggregate"),
    (b"\xf3\x89\x9a", "not_utf8"),
    (b"{}//", "not_json"),
    (b"\x00{}", "not_json"),
    (b"{}\x00", "not_json"),
    (b"8=FIX.4.4\x019=5\x0135=0\x0110=000\x01", "not_json"),
    (b"[" * 65 + b"]" * 65, "nesting_too_deep"),
    (b"[" * 65, "nesting_too_deep"),
    (b"NaN", "non_finite_number"),
    (b"[Infinity", "non_finite_number"),
    (rb'"\ud800"', "lone_surrogate"),
    (rb'{"a":"\ud800","a":1}', "lone_surrogate"),
]
#: As above, but so big that they are tried one by one only.
HUGE_BYTES = [
    (b"\xf3\x89\x9a\xc2" + bytes(1_000_000), "kpl_aggregate"),
    (aggregate([b'{"price":1}' * 10] * 8_000), "kpl_aggregate"),
    (b'"' + b"x" * 899_999 + b'"', "too_large"),
    (b" " * 1_048_576, "too_large"),
    (b"[" * 100_000, "nesting_too_deep"),
    (b"[" * 900_000, "nesting_too_deep"),
    (b"[" * 450_000 + b"]" * 450_000, "nesting_too_deep"),
    (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nesting_too_deep"),
    (b'{"a":[' * 100_000 + b"]}" * 100_000, "nesting_too_deep"),
    (b'["["],' * 140_000 + b"[" * 65, "nesting_too_deep"),
    (rb'"\"[\\",' * 80_000 + b"[" * 65, "nesting_too_deep"),
    (b"[" + b"[]," * 220_000 + b"[" * 64, "nesting_too_deep"),
    (b'{"price":' + b"9" * 1_000_000 + b"}", "too_large"),
    (b"9" * 899_999 + b"x", "not_json"),
    (b"[" + b"1e9," * 200_000 + b"]", "not_json"),
    (b"[" + b"[],{}," * 140_000 + b"NaN]", "non_finite_number"),
    (b'{"' + rb"\u0061" * 140_000 + rb'":"\ud800"}', "lone_surrogate"),
    (b'"' + b"\xc3\xa9" * 440_000, "not_json"),
    (b'"' + b"x" * 890_000 + b"\xff" + b'"', "not_utf8"),
]
#: Valid JSON but no record: stored under the feed "unknown".
NOT_OBJECTS = [b"null", b"true", b"1", b"-1.5e3", b'""', b"[]", b'"trade"', b"[{}]", b" [1, 2] "]
