/// What people do in rendered recordings.
///
/// A recogniser must not react to `idle` and `unknown`: stillness and empty rooms, and motion that belongs to no
/// activity.
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

  /// The number in file names, from 1: the generator's own numbering, not NTU's.
  package var number: Int { (Self.allCases.firstIndex(of: self) ?? 0) + 1 }

  package var label: String { rawValue }

  /// Toyota Smarthome's class for the same motion; `nil` if it has none.
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
