"""A data dictionary of no more than what our exchange and gateway speak, for those who have none of QuickFIX's at hand.

Promises: every message that either reads or writes is in it, with the numbers and names of the standard. Never: a
list of values, so that whatever a counterparty says gets our own answer. Source: FIX 5.0 SP2 and FIXT 1.1.
"""

from __future__ import annotations

from functools import cache

from hedgerow import _core

_FIELDS = """
6 AvgPx PRICE, 7 BeginSeqNo SEQNUM, 8 BeginString STRING, 9 BodyLength LENGTH, 10 CheckSum STRING, 11 ClOrdID STRING,
14 CumQty QTY, 16 EndSeqNo SEQNUM, 17 ExecID STRING, 18 ExecInst MULTIPLEVALUESTRING, 19 ExecRefID STRING,
20 ExecTransType CHAR, 21 HandlInst CHAR, 31 LastPx PRICE, 32 LastQty QTY, 34 MsgSeqNum SEQNUM, 35 MsgType STRING,
36 NewSeqNo SEQNUM, 37 OrderID STRING, 38 OrderQty QTY, 39 OrdStatus CHAR, 40 OrdType CHAR, 41 OrigClOrdID STRING,
43 PossDupFlag BOOLEAN, 44 Price PRICE, 45 RefSeqNum SEQNUM, 49 SenderCompID STRING, 52 SendingTime UTCTIMESTAMP,
54 Side CHAR, 55 Symbol STRING, 56 TargetCompID STRING, 58 Text STRING, 59 TimeInForce CHAR,
60 TransactTime UTCTIMESTAMP,
97 PossResend BOOLEAN, 98 EncryptMethod INT, 99 StopPx PRICE, 102 CxlRejReason INT, 103 OrdRejReason INT,
108 HeartBtInt INT, 111 MaxFloor QTY, 112 TestReqID STRING, 122 OrigSendingTime UTCTIMESTAMP, 123 GapFillFlag BOOLEAN,
126 ExpireTime UTCTIMESTAMP, 141 ResetSeqNumFlag BOOLEAN, 150 ExecType CHAR, 151 LeavesQty QTY, 262 MDReqID STRING,
146 NoRelatedSym NUMINGROUP, 267 NoMDEntryTypes NUMINGROUP,
268 NoMDEntries NUMINGROUP, 269 MDEntryType CHAR, 270 MDEntryPx PRICE, 271 MDEntrySize QTY,
211 PegOffsetValue FLOAT, 836 PegOffsetType INT, 1094 PegPriceType INT,
263 SubscriptionRequestType CHAR, 264 MarketDepth INT, 265 MDUpdateType INT, 279 MDUpdateAction CHAR,
281 MDReqRejReason CHAR, 324 SecurityStatusReqID STRING, 326 SecurityTradingStatus INT, 625 TradingSessionSubID STRING,
371 RefTagID INT, 372 RefMsgType STRING, 373 SessionRejectReason INT, 379 BusinessRejectRefID STRING,
380 BusinessRejectReason INT, 432 ExpireDate LOCALMKTDATE, 434 CxlRejResponseTo CHAR, 530 MassCancelRequestType CHAR,
531 MassCancelResponse CHAR, 532 MassCancelRejectReason STRING, 533 TotalAffectedOrders INT, 584 MassStatusReqID STRING,
585 MassStatusReqType INT, 789 NextExpectedMsgSeqNum SEQNUM, 790 OrdStatusReqID STRING, 851 LastLiquidityInd INT,
911 TotNumReports INT, 912 LastRptRequested BOOLEAN, 1128 ApplVerID STRING, 1137 DefaultApplVerID STRING,
1138 DisplayQty QTY, 1369 MassActionReportID STRING,
117 QuoteID STRING, 132 BidPx PRICE, 133 OfferPx PRICE, 134 BidSize QTY, 135 OfferSize QTY,
295 NoQuoteEntries NUMINGROUP, 296 NoQuoteSets NUMINGROUP, 297 QuoteStatus INT, 299 QuoteEntryID STRING,
300 QuoteRejectReason INT, 301 QuoteResponseLevel INT, 302 QuoteSetID STRING, 304 TotNoQuoteEntries INT,
311 UnderlyingSymbol STRING, 136 NoMiscFees NUMINGROUP, 137 MiscFeeAmt AMT, 138 MiscFeeCurr STRING,
139 MiscFeeType STRING, 891 MiscFeeBasis INT, 368 QuoteEntryRejectReason INT
"""
_HEADER = "BeginString BodyLength MsgType SenderCompID TargetCompID MsgSeqNum SendingTime"
_HEADER_MORE = "PossDupFlag PossResend OrigSendingTime ApplVerID"
_SESSION = """
A Logon: EncryptMethod HeartBtInt; ResetSeqNumFlag DefaultApplVerID NextExpectedMsgSeqNum
0 Heartbeat: ; TestReqID
1 TestRequest: TestReqID;
2 ResendRequest: BeginSeqNo EndSeqNo;
3 Reject: RefSeqNum; RefTagID RefMsgType SessionRejectReason Text
4 SequenceReset: NewSeqNo; GapFillFlag
5 Logout: ; Text
"""
_PEG = "PegOffsetValue PegOffsetType PegPriceType"
_ORDER = f"OrdType Price StopPx TimeInForce ExecInst MaxFloor DisplayQty {_PEG} ExpireTime ExpireDate HandlInst"
_MESSAGES = f"""
j BusinessMessageReject: RefMsgType BusinessRejectReason; RefSeqNum BusinessRejectRefID Text
D NewOrderSingle: ClOrdID Symbol Side OrdType TransactTime; OrderQty {_ORDER.removeprefix("OrdType ")}
G OrderCancelReplaceRequest: OrigClOrdID ClOrdID Symbol Side TransactTime OrdType; OrderID OrderQty {_ORDER[8:]}
F OrderCancelRequest: OrigClOrdID ClOrdID Symbol Side TransactTime; OrderID OrderQty
H OrderStatusRequest: ClOrdID Symbol Side; OrderID OrdStatusReqID
AF OrderMassStatusRequest: MassStatusReqID MassStatusReqType; Symbol
q OrderMassCancelRequest: ClOrdID MassCancelRequestType TransactTime; Symbol Side
8 ExecutionReport: ExecType OrdStatus CumQty; OrderID ExecID Symbol Side LeavesQty ClOrdID OrigClOrdID ExecTransType \
ExecRefID OrdRejReason OrderQty LastPx LastQty AvgPx LastLiquidityInd TransactTime Text OrdStatusReqID MassStatusReqID \
TotNumReports LastRptRequested {_ORDER} *NoMiscFees(MiscFeeAmt,MiscFeeCurr,MiscFeeType,MiscFeeBasis)
V MarketDataRequest: MDReqID SubscriptionRequestType MarketDepth *NoMDEntryTypes(MDEntryType) *NoRelatedSym(Symbol); \
MDUpdateType
W MarketDataSnapshotFullRefresh: Symbol *NoMDEntries(MDEntryType,MDEntryPx,MDEntrySize); MDReqID
X MarketDataIncrementalRefresh: *NoMDEntries(MDUpdateAction,MDEntryType,Symbol,MDEntryPx,MDEntrySize); MDReqID
Y MarketDataRequestReject: MDReqID; MDReqRejReason Text
e SecurityStatusRequest: SecurityStatusReqID Symbol SubscriptionRequestType;
f SecurityStatus: Symbol; SecurityStatusReqID SecurityTradingStatus TradingSessionSubID Text
9 OrderCancelReject: OrderID ClOrdID OrigClOrdID OrdStatus CxlRejResponseTo; CxlRejReason Text TransactTime
i MassQuote: QuoteID *NoQuoteSets(QuoteSetID,UnderlyingSymbol,TotNoQuoteEntries,\
*NoQuoteEntries(QuoteEntryID,Symbol,BidPx,OfferPx,BidSize,OfferSize)); QuoteResponseLevel
b MassQuoteAcknowledgement: QuoteStatus; QuoteID QuoteRejectReason \
*NoQuoteSets(QuoteSetID,TotNoQuoteEntries,*NoQuoteEntries(QuoteEntryID,Symbol,QuoteEntryRejectReason))
r OrderMassCancelReport: OrderID MassCancelRequestType MassCancelResponse; ClOrdID MassActionReportID \
MassCancelRejectReason TotalAffectedOrders TransactTime
"""
_MARKS = {"FIX.4.2": "FIX 4 2", "FIX.4.4": "FIX 4 4", "FIX.5.0SP2": "FIX 5 0", "FIXT.1.1": "FIXT 1 1"}


def transport(version: str) -> str:
    """What a session of a version is called: since 5.0 that is another one.

    >>> transport("FIX.4.2"), transport("FIX.5.0SP2")
    ('FIX.4.2', 'FIXT.1.1')
    """
    return "FIXT.1.1" if version.startswith("FIX.5") else version


@cache
def spoken_dictionary(version: str) -> _core.FixDictionary:
    """The dictionary of a version.

    >>> spoken_dictionary("FIX.4.4").message_name("D"), spoken_dictionary("FIX.5.0SP2").version
    ('NewOrderSingle', 'FIX.5.0SP2')
    """
    kind, major, minor = _MARKS[version].split()
    pack = " servicepack='2'" if version == "FIX.5.0SP2" else ""
    has_session, has_messages = not version.startswith("FIX.5"), not version.startswith("FIXT")
    header = _these(_HEADER, "Y") + _these(_HEADER_MORE, "N") if has_session else ""
    trailer = _these("CheckSum", "Y") if has_session else ""
    messages = _messages(_SESSION, "admin") * has_session + _messages(_MESSAGES, "app") * has_messages
    rows = [row.split() for row in _FIELDS.replace("\n", " ").split(",")]
    fields = "".join(f"<field number='{number}' name='{name}' type='{kind}'/>" for number, name, kind in rows)
    return _core.FixDictionary(
        f"<fix type='{kind}' major='{major}' minor='{minor}'{pack}><header>{header}</header>"
        f"<trailer>{trailer}</trailer><messages>{messages}</messages><fields>{fields}</fields></fix>"
    )


def _these(names: str, required: str) -> str:
    """Fields, and groups as `*Counter(First,Other)`, the last of which may be a group."""
    return "".join(_group(name, required) if name[0] == "*" else _field(name, required) for name in names.split())


def _field(name: str, required: str) -> str:
    return f"<field name='{name}' required='{required}'/>"


def _group(told: str, required: str) -> str:
    counter, members = told[1:-1].split("(", 1)
    plain, star, inner = members.partition(",*")
    first, *others = plain.split(",")
    body = _field(first, "Y") + _these(" ".join(others), "N") + (_group(f"*{inner}", "N") if star else "")
    return f"<group name='{counter}' required='{required}'>{body}</group>"


def _messages(table: str, category: str) -> str:
    made = ""
    for line in table.strip().splitlines():
        kind, rest = line.split(" ", 1)
        name, parts = rest.split(":")
        needed, more = parts.split(";")
        body = _these(needed, "Y") + _these(more, "N")
        made += f"<message name='{name}' msgtype='{kind}' msgcat='{category}'>{body}</message>"
    return made
