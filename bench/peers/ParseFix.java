// QuickFIX/J on the order of the group `fix`: read with FIX44's dictionary, length and checksum checked, validated, and the
// same nine fields taken out. Prints nanoseconds a message, a line a run: `java -cp JARS/* ParseFix.java RUNS`.

import java.nio.charset.StandardCharsets;
import quickfix.DataDictionary;
import quickfix.field.*;
import quickfix.fix44.NewOrderSingle;

public class ParseFix {
    private static final int ORDERS = 64;
    private static final int REPEATS = 2_000;

    public static void main(String[] words) throws Exception {
        DataDictionary dictionary = new DataDictionary("FIX44.xml");
        String[] orders = new String[ORDERS];
        for (int n = 0; n < ORDERS; n++) {
            orders[n] = order(n);
        }
        double taken = 0;
        // The first runs are for the compiler.
        int runs = Integer.parseInt(words[0]);
        for (int run = -3; run < runs; run++) {
            long start = System.nanoTime();
            for (int repeat = 0; repeat < REPEATS; repeat++) {
                for (String text : orders) {
                    taken += read(text, dictionary);
                }
            }
            double each = (System.nanoTime() - start) / (double) (ORDERS * REPEATS);
            if (run >= 0) {
                System.out.println(each);
            }
        }
        if (taken <= 0) {
            throw new IllegalStateException("nothing was read");
        }
    }

    private static double read(String text, DataDictionary dictionary) throws Exception {
        NewOrderSingle order = new NewOrderSingle();
        order.fromString(text, dictionary, true);
        dictionary.validate(order);
        double sum = order.getHeader().getInt(BodyLength.FIELD) + order.getHeader().getInt(MsgSeqNum.FIELD);
        sum += order.getChar(Side.FIELD) + order.getChar(OrdType.FIELD) + order.getChar(TimeInForce.FIELD);
        sum += order.getDouble(OrderQty.FIELD) + order.getDouble(Price.FIELD);
        return sum + order.getString(ClOrdID.FIELD).length() + order.getString(Symbol.FIELD).length();
    }

    private static String order(int n) {
        String body = String.format(
            "35=D|49=CLIENT12|56=EXCH0001|34=%06d|52=20261120-14:30:%02d.%06d|11=ORD%010d|55=BTCUSD|54=%d|"
                + "60=20261120-14:30:00.000000|38=%04d|40=2|44=%d.%02d|59=0|",
            1 + n, n % 60, n * 997 % 1_000_000, n, 1 + n % 2, 1 + n * 31 % 9_999, 50_000 + n, n % 100).replace('|', '\u0001');
        String whole = String.format("8=FIX.4.4\u00019=%03d\u0001%s", body.length(), body);
        int sum = 0;
        for (byte one : whole.getBytes(StandardCharsets.US_ASCII)) {
            sum += one;
        }
        return whole + String.format("10=%03d\u0001", sum % 256);
    }
}
