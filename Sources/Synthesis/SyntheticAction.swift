/// What people do in rendered recordings.
///
/// `idle` and `unknown` are what a recogniser must stay silent at: stillness and empty rooms, and motion that is none of
/// the activities.
package enum SyntheticAction: String, CaseIterable, Sendable {
  case drink = "Drink"
  case takePills = "Takepills"
  case phoneCall = "Phonecall"
  case sitDown = "Sitdown"
  case standUp = "Standup"
  case pickUp = "Pickup"
  case readBook = "Readbook"
  case useTablet = "Usetablet"
  case useLaptop = "Uselaptop"
  case stir = "Stir"
  case cut = "Cut"
  case cleanDishes = "Cleandishes"
  case walk = "Walk"
  case enter = "Enter"
  case leave = "Leave"
  case lieDown = "Laydown"
  case fall = "Fall"
  case getUp = "Getup"
  case idle
  case unknown

  /// The number in file names, from 1: the generator's own list, not NTU's.
  package var number: Int { (Self.allCases.firstIndex(of: self) ?? 0) + 1 }

  package var label: String { rawValue }

  /// Whether a recogniser is to announce it.
  package var isActivity: Bool { self != .idle && self != .unknown }

  /// Toyota Smarthome's class of the same motion; `nil` where it has none.
  package var smarthomeName: String? {
    switch self {
    case .drink: "Drink.Fromcup"
    case .takePills: "Takepills"
    case .phoneCall: "Usetelephone"
    case .sitDown: "Sitdown"
    case .standUp: "Getup"
    case .readBook: "Readbook"
    case .useTablet: "Usetablet"
    case .useLaptop: "Uselaptop"
    case .stir: "Cook.Stir"
    case .cut: "Cook.Cut"
    case .cleanDishes: "Cook.Cleandishes"
    case .walk: "Walk"
    case .enter: "Enter"
    case .leave: "Leave"
    case .lieDown: "Laydown"
    case .pickUp, .fall, .getUp, .idle, .unknown: nil
    }
  }
}
