/// Names of labels and families that are not activities: they open no event.
///
/// Only `other` may, if the daemon is told to.
package enum ReservedLabel: String, CaseIterable, Sendable {
  case idle
  case background
  case unknown
  case other

  package init?(label: String) { self.init(rawValue: label.lowercased()) }
}
