// QuickFIX/J as counterparty: `java -cp JARS/* Peer.java acceptor|initiator PORT FOLDER`.
//
// As acceptor it fills every order and cancels what it is asked to; as initiator it sends what stands on its standard
// input: `order ID`, `cancel ID ORIGINAL`, `gap N` (its next number, as if messages had been lost), `logout`. What happens
// is told on standard output, a line an event; a message that comes as a possible duplicate is told with `again`.

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import quickfix.*;
import quickfix.field.*;
import quickfix.fix44.ExecutionReport;
import quickfix.fix44.NewOrderSingle;
import quickfix.fix44.OrderCancelRequest;

public class Peer implements Application {
    private static final SessionID ID = new SessionID("FIX.4.4", "QFJ", "HEDGEROW");
    private int executions;

    public static void main(String[] words) throws Exception {
        boolean accepts = words[0].equals("acceptor");
        SessionSettings settings = new SessionSettings();
        settings.setString("ConnectionType", words[0]);
        settings.setString("StartTime", "00:00:00");
        settings.setString("EndTime", "00:00:00");
        settings.setString("FileStorePath", words[2]);
        settings.setString("HeartBtInt", "5");
        settings.setString("ReconnectInterval", "1");
        settings.setString("SocketAcceptPort", words[1]);
        settings.setString("SocketConnectHost", "127.0.0.1");
        settings.setString("SocketConnectPort", words[1]);
        settings.setString(ID, "BeginString", "FIX.4.4");
        settings.setString(ID, "SenderCompID", "QFJ");
        settings.setString(ID, "TargetCompID", "HEDGEROW");
        MessageStoreFactory stores = new FileStoreFactory(settings);
        LogFactory log = new SLF4JLogFactory(settings);
        MessageFactory messages = new DefaultMessageFactory();
        Peer peer = new Peer();
        Connector connector = accepts
            ? new SocketAcceptor(peer, stores, settings, log, messages)
            : new SocketInitiator(peer, stores, settings, log, messages);
        connector.start();
        say("ready");
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in));
        for (String line = commands.readLine(); line != null; line = commands.readLine()) {
            peer.command(line.split(" "));
        }
        connector.stop(true);
    }

    private static synchronized void say(String line) {
        System.out.println(line);
        System.out.flush();
    }

    private void command(String[] words) throws Exception {
        Session session = Session.lookupSession(ID);
        LocalDateTime now = LocalDateTime.now(ZoneOffset.UTC);
        switch (words[0]) {
            case "order" -> {
                NewOrderSingle order = new NewOrderSingle(
                    new ClOrdID(words[1]), new Side(Side.BUY), new TransactTime(now), new OrdType(OrdType.LIMIT));
                order.set(new Symbol("ABC"));
                order.set(new OrderQty(100));
                order.set(new Price(10.5));
                session.send(order);
            }
            case "cancel" -> {
                OrderCancelRequest cancel = new OrderCancelRequest(
                    new OrigClOrdID(words[2]), new ClOrdID(words[1]), new Side(Side.BUY), new TransactTime(now));
                cancel.set(new Symbol("ABC"));
                session.send(cancel);
            }
            case "gap" -> session.setNextSenderMsgSeqNum(Integer.parseInt(words[1]));
            case "logout" -> session.logout("done");
            default -> say("unknown " + words[0]);
        }
    }

    public void onCreate(SessionID id) {}

    public void onLogon(SessionID id) {
        say("logon");
    }

    public void onLogout(SessionID id) {
        say("logout");
    }

    public void toAdmin(Message message, SessionID id) {}

    public void fromAdmin(Message message, SessionID id) throws FieldNotFound {
        String type = message.getHeader().getString(MsgType.FIELD);
        if (type.equals("3") || type.equals("4") || type.equals("2")) {
            say("admin " + type);
        }
    }

    public void toApp(Message message, SessionID id) {}

    public void fromApp(Message message, SessionID id) throws FieldNotFound, UnsupportedMessageType {
        boolean again = message.getHeader().isSetField(PossDupFlag.FIELD) && message.getHeader().getBoolean(PossDupFlag.FIELD);
        String suffix = again ? " again" : "";
        String type = message.getHeader().getString(MsgType.FIELD);
        switch (type) {
            case "8" -> say("execution " + message.getString(ClOrdID.FIELD) + " " + message.getChar(ExecType.FIELD) + suffix);
            case "D" -> {
                say("order " + message.getString(ClOrdID.FIELD) + suffix);
                report(message, ExecType.NEW, OrdStatus.NEW, 0);
                report(message, ExecType.TRADE, OrdStatus.FILLED, message.getDouble(OrderQty.FIELD));
            }
            case "F" -> {
                say("cancel " + message.getString(ClOrdID.FIELD) + suffix);
                report(message, ExecType.CANCELED, OrdStatus.CANCELED, 0);
            }
            default -> throw new UnsupportedMessageType();
        }
    }

    private void report(Message order, char kind, char status, double filled) throws FieldNotFound {
        String id = order.getString(ClOrdID.FIELD);
        ExecutionReport report = new ExecutionReport(
            new OrderID("V" + id), new ExecID("E" + ++executions), new ExecType(kind), new OrdStatus(status),
            new Side(order.getChar(Side.FIELD)), new LeavesQty(0), new CumQty(filled), new AvgPx(filled > 0 ? 10.5 : 0));
        report.set(new ClOrdID(id));
        report.set(new Symbol(order.getString(Symbol.FIELD)));
        Session.lookupSession(ID).send(report);
    }
}
