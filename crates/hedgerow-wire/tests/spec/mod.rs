//! An encoder from the specification's tables, which shares nothing with the decoder: names, widths, values in text.

/// The tables: type, then every field behind the common head (type 1, locate 2, tracking 2, time 6) with its width.
const SPECIFICATION: &str = "
S event_code=1
R stock=8 market_category=1 financial_status=1 round_lot_size=4 round_lots_only=1 issue_classification=1 \
  issue_sub_type=2 authenticity=1 short_sale_threshold=1 ipo_flag=1 luld_tier=1 etp_flag=1 etp_leverage=4 inverse=1
H stock=8 trading_state=1 reserved=1 reason=4
Y stock=8 action=1
L participant=4 stock=8 primary=1 mode=1 state=1
V level_1=8 level_2=8 level_3=8
W breached_level=1
K stock=8 release_seconds=4 qualifier=1 price=4
J stock=8 reference_price=4 upper_price=4 lower_price=4 extension=4
h stock=8 market=1 action=1
A reference=8 side=1 shares=4 stock=8 price=4
F reference=8 side=1 shares=4 stock=8 price=4 attribution=4
E reference=8 shares=4 match_number=8
C reference=8 shares=4 match_number=8 printable=1 price=4
X reference=8 shares=4
D reference=8
U reference=8 new_reference=8 shares=4 price=4
P reference=8 side=1 shares=4 stock=8 price=4 match_number=8
Q shares=8 stock=8 price=4 match_number=8 cross_type=1
B match_number=8
I paired_shares=8 imbalance_shares=8 direction=1 stock=8 far_price=4 near_price=4 reference_price=4 cross_type=1 variation=1
N stock=8 interest=1
O stock=8 open_eligibility=1 minimum_price=4 maximum_price=4 near_price=4 near_time=8 lower_collar=4 upper_collar=4
";

/// The fields of a type, in order: name and width.
pub fn fields(kind: char) -> Vec<(&'static str, usize)> {
    let row = SPECIFICATION.lines().find(|row| row.starts_with(kind)).expect("a type of the specification");
    let behind = row[1..].split_whitespace().map(|field| field.split_once('=').unwrap());
    let head = [("locate", 2), ("tracking", 2), ("time", 6)];
    head.into_iter().chain(behind.map(|(name, width)| (name, width.parse().unwrap()))).collect()
}

/// Every type.
pub fn types() -> Vec<char> {
    SPECIFICATION.lines().filter_map(|row| row.chars().next()).collect()
}

/// A message from text: `A locate=7 time=34200000000000 reference=1 side='B' shares=100 stock='AAPL' price=1234500`.
/// What is not given is zero, or spaces if the text in quotes is shorter than its field.
pub fn message(text: &str) -> Vec<u8> {
    let mut words = text.split(' ');
    let kind = words.next().unwrap();
    let given: Vec<(&str, &str)> = words.map(|word| word.split_once('=').unwrap()).collect();
    let known = fields(kind.chars().next().unwrap());
    for (name, _) in &given {
        assert!(known.iter().any(|(field, _)| field == name), "{kind} has no {name}");
    }
    let mut out = kind.as_bytes().to_vec();
    for (name, width) in known {
        let value = given.iter().find(|(field, _)| *field == name).map_or("0", |(_, value)| value);
        match value.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')) {
            Some(text) => out.extend(format!("{text:<width$}").bytes()),
            None => {
                let number: u64 = value.parse().unwrap();
                out.extend((0..width).rev().map(|place| (number >> (8 * place)) as u8));
            }
        }
    }
    out
}

/// Messages as a file holds them.
pub fn file(messages: &[Vec<u8>]) -> Vec<u8> {
    messages.iter().flat_map(|m| [&[(m.len() >> 8) as u8, m.len() as u8], m.as_slice()].concat()).collect()
}
