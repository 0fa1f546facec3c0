import Networks
import Testing

@Suite struct `Families of labels` {
  private let labels = ["drinking", "drinking beer", "eating cake", "archery"]

  private func faults(_ families: (String, [String])...) -> [String] {
    LabelFamily.faults(in: families.map { LabelFamily(name: $0.0, labels: $0.1) }, of: labels).map(\.description)
  }

  @Test func `families are valid if every label is known and in one of them`() {
    #expect(faults(("Drink", ["drinking", "drinking beer"]), ("Eat", ["eating cake"])).isEmpty)
    #expect(faults(("drinking", ["drinking beer"])).isEmpty, "a family may have the same name as a label")
    #expect(faults(("background", ["archery"])).isEmpty, "a family may have the name of a label that starts no event")
  }

  @Test func `invalid families are refused with the family, the label and the reason`() {
    #expect(
      faults(("Drink", ["drinkin"])) == ["'Drink' names 'drinkin', a label the model does not have"])
    #expect(
      faults(("Drink", ["drinking"]), ("Sip", ["drinking"])) == ["the label 'drinking' is in 'Drink' and in 'Sip'"])
    #expect(faults(("Drink", ["drinking", "drinking"])) == ["the label 'drinking' is twice in 'Drink'"])
    #expect(faults(("Drink", [])) == ["'Drink' has no labels"])
    #expect(faults(("Drink", ["drinking"]), ("Drink", ["archery"])) == ["two families are named 'Drink'"])
    for name in ["other", "Other"] {
      #expect(
        faults((name, ["archery"])) == ["no family can be named '\(name)': that is the name for labels in no family"])
    }
    #expect(faults((" ", ["archery"])) == ["a family has no name"])
    #expect(faults(("Dr\u{7}ink\n", ["archery"])) == [#"the family name 'Dr\u{07}ink\n' has control characters"#])
    let long = String(repeating: "a", count: 101)
    #expect(faults((long, ["archery"])) == ["the family name '\(long.prefix(100))…' is longer than 100 characters"])
    #expect(faults((String(long.prefix(100)), ["archery"])).isEmpty)
  }

  @Test func `invalid families are all reported, with their position`() {
    let families = [
      LabelFamily(name: "Drink", labels: ["drinking", "gulping"]), LabelFamily(name: "Eat", labels: ["drinking"]),
    ]
    let faults = LabelFamily.faults(in: families, of: labels)
    #expect(faults.map(\.family) == [0, 1] && faults.map(\.label) == [1, 0])
    #expect(faults.map(\.unknownLabel) == ["gulping", nil])
  }
}
