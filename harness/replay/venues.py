"""Maps venues' exchange codes to an ISO 10383 MIC, or to the venue's name in capitals if it has none."""

import re

#: The equity tapes' letters, and the names Lean writes for some of them. The letters' meanings in 2013 are those of
#: Lean's `Data/equity/readme.md` ("Tick Exchange Codes"); the last four letters came later (CTA participant codes). The
#: MICs are those of the ISO 10383 list for these names.
EQUITY_EXCHANGES = {
    "A": "XASE",  # NYSE MKT
    "B": "XBOS",  # NASDAQ OMX BX
    "C": "XCIS",  # National Stock Exchange
    "D": "FINR",  # FINRA: which of its facilities reported the trade (XADF, FINN, FINY, FINC) the letter does not say
    "I": "XISE",  # International Securities Exchange, equities
    "J": "EDGA",
    "K": "EDGX",
    "M": "XCHI",  # Chicago Stock Exchange
    "N": "XNYS",
    "P": "ARCX",
    "Q": "XNAS",  # NASDAQ, for its own listings
    "T": "XNAS",  # NASDAQ, for the listings of others
    "W": "CBSX",  # CBOE Stock Exchange, not the options exchange XCBO
    "X": "XPSX",  # NASDAQ OMX PSX, not the options exchange XPHL
    "Y": "BATY",
    "Z": "BATS",
    "H": "EPRL",  # MIAX Pearl Equities
    "L": "LTSE",
    "U": "MEMX",
    "V": "IEXG",
    "AMEX": "XASE",
    "ARCA": "ARCX",
    "BATS": "BATS",
    "BATS_Y": "BATY",
    "CBOE": "CBSX",
    "CSE": "XCHI",
    "EDGA": "EDGA",
    "EDGX": "EDGX",
    "FINRA": "FINR",
    "IEX": "IEXG",
    "ISE": "XISE",
    "LTSE": "LTSE",
    "MEMX": "MEMX",
    "NASDAQ": "XNAS",
    "NASDAQ_BX": "XBOS",
    "NASDAQ_PSX": "XPSX",
    "NSE": "XCIS",
    "NYSE": "XNYS",
}

#: Names Lean writes in rows of futures.
FUTURES_EXCHANGES = {"CBOT": "XCBT", "CFE": "XCBF", "CME": "XCME", "COMEX": "XCEC", "EUREX": "XEUR", "NYMEX": "XNYM"}

#: Databento's publisher ids, as its DBN library lists them. GLBX is a platform, not a market: its records do not say on
#: which of CME's exchanges an instrument is listed, so all of them are CME's.
_PUBLISHERS = {
    "XCME": (1,),
    "XNAS": (2, 46, 47, 52, 66, 81),
    "XBOS": (3, 75, 86, 88),
    "XPSX": (4, 76, 87, 89),
    "BATS": (5, 71),
    "BATY": (6, 72),
    "EDGA": (7, 73),
    "EDGX": (8, 74),
    "XNYS": (9, 44, 45, 53, 67, 92),
    "XCIS": (10, 13, 14, 40, 49, 63, 91),
    "XASE": (11, 78),
    "XCHI": (12, 39, 48, 62),
    "MEMX": (15, 77),
    "EPRL": (16, 42, 51, 65),
    "FINN": (17, 54, 68, 82),
    "FINC": (18, 56, 70, 83),
    "FINY": (19, 55, 69),
    "IEXG": (38, 41, 50, 64),
    "ARCX": (43, 79),
    "IFEU": (57,),
    "NDEX": (58,),
    "DBEQ": (59,),  # consolidated by Databento: a name, not a MIC
    "EQUS": (60, 90, 93, 94, 95, 96),  # likewise
    "LTSE": (80,),
    "XOFF": (84, 85, 98, 100, 103, 104, 106),
    "IFUS": (97,),
    "IFLL": (99,),
    "XEUR": (101,),
    "XEEE": (102,),
    "XCBF": (105,),
    "OCEA": (107,),
}
_PUBLISHER_EXCHANGES = {str(number): exchange for exchange, numbers in _PUBLISHERS.items() for number in numbers}

_NAME = re.compile(r"[A-Z0-9._-]{1,24}", re.ASCII)


def databento_exchange(publisher: str, dataset: str | None = None) -> str:
    """The exchange of a publisher id; for an unknown one, the start of its dataset's name, or the id."""
    known = _PUBLISHER_EXCHANGES.get(publisher)
    if known is not None:
        return known
    name = (dataset or "").partition(".")[0].upper()
    return name if _NAME.fullmatch(name) else f"DATABENTO-{publisher}"


def tape_exchange(letter: str) -> str:
    """The exchange of an equity tape's letter; `TAPE-` and the letter if unknown."""
    return EQUITY_EXCHANGES.get(letter) or f"TAPE-{letter}"
