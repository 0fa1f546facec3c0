import Foundation
import ModelFile
import Networks
import Settings
import TestSupport
import Testing

private let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().path

private let labels = ["drinking", "drinking beer", "eating cake", "archery"]

private func findings(_ text: String) -> [String] {
  do {
    _ = try FamiliesFile.parse(text, path: "families.yaml", labels: labels)
    return []
  } catch {
    return error.findings.map(\.description)
  }
}

@Suite struct `A file of families` {
  @Test func `a families file gives families in its order`() throws {
    let text = "# what people say\nEat: [eating cake]\nDrink:\n  - drinking\n  - \"drinking beer\"\n"
    #expect(
      try FamiliesFile.parse(text, path: "f", labels: labels) == [
        LabelFamily(name: "Eat", labels: ["eating cake"]),
        LabelFamily(name: "Drink", labels: ["drinking", "drinking beer"]),
      ])
  }

  @Test(
    arguments: [
      (
        "Drink: [drinking, drinkin ber]",
        "1: 'Drink' names 'drinkin ber', a label the model does not have; did you mean 'drinking beer'?"
      ),
      ("Drink:\n  - drinking\n  - juggling", "3: 'Drink' names 'juggling', a label the model does not have"),
      ("Drink: [drinking]\nEat: [drinking]", "2: the label 'drinking' is in 'Drink' and in 'Eat'"),
      ("Eat: [eating cake]\nDrink: []", "2: 'Drink' has no labels"),
      ("Eat: [eating cake]\nDrink:", "2: 'Drink' has no labels"),
      ("Drink: [drinking]\nDrink: [archery]", "1: appears twice: Drink"),
      ("other: [archery]", "1: no family can be named 'other': that is the name for labels in no family"),
      (#""Dr\x07ink": [archery]"#, #"1: the family name 'Dr\u{07}ink' has control characters"#),
      ("Drink: drinking", "1: 'Drink' must be a list of labels, as in Drink: [drinking, drinking beer]"),
      ("Drink: [[drinking]]", "1: 'Drink' must be a list of labels, as in Drink: [drinking, drinking beer]"),
      ("[drinking]: [drinking]", "1: a family's name must be a text"),
      ("- drinking", "1: the file must consist of `Family: [label, label]` lines"),
      ("drinking", "1: the file must consist of `Family: [label, label]` lines"),
      ("# nothing", " has no families"), ("{}", " has no families"), ("", " has no families"),
      ("Drink: [", "2: this is not YAML: did not find expected node content"),
    ])
  func `an invalid families file is refused with line and reason`(text: String, expected: String) {
    #expect(findings(text) == [expected])
  }

  @Test func `a families file with many faults lists the first and counts the rest`() {
    let text = "Drink: [" + (0..<50_000).map { "label \($0)" }.joined(separator: ", ") + "]"
    let found = findings(text)
    #expect(found.count == 21)
    #expect(found[0] == "1: 'Drink' names 'label 0', a label the model does not have" && found[20] == " and 49980 more")
  }

  @Test func `a families file has at most 1 MiB and is UTF-8`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("families.yaml")
    func message(_ data: Data) throws -> String? {
      try data.write(to: URL(fileURLWithPath: path))
      let error = #expect(throws: SettingsError.self) { try FamiliesFile.load(path: path, labels: labels) }
      return error?.description.replacing(path, with: "FILE")
    }
    var text = Data("Drink: [drinking]\n#".utf8)
    text.append(Data(repeating: UInt8(ascii: "x"), count: 1 << 20 - text.count))
    try text.write(to: URL(fileURLWithPath: path))
    #expect(try FamiliesFile.load(path: path, labels: labels).count == 1)
    text.append(UInt8(ascii: "x"))
    #expect(try message(text) == "FILE: is larger than 1024 KiB, too large for a file of families")
    #expect(try message(Data([0x44, 0xFF, 0x3A])) == "FILE: is not UTF-8 text")
    let missing = #expect(throws: SettingsError.self) { try FamiliesFile.load(path: "/nowhere/f.yaml", labels: labels) }
    #expect(missing?.description == "/nowhere/f.yaml: cannot be read: No such file or directory")
  }

  @Test func `the families file for Kinetics-400 uses its labels exactly`() throws {
    let kinetics = try LabelFile.read(package + "/Models/kinetics-400.txt")
    #expect(kinetics.count == 400)
    let path = package + "/config/families/kinetics400.yaml"
    let families = try FamiliesFile.load(path: path, labels: kinetics)
    #expect(families.count == 35 && families.reduce(0) { $0 + $1.labels.count } == 180, "the numbers in README.md")
    for family in families { #expect(family.name.first?.isUppercase == true, "\(family.name)") }
    // A list with a missing label is noticed, so the check above is meaningful.
    let error = #expect(throws: SettingsError.self) {
      try FamiliesFile.load(path: path, labels: kinetics.filter { $0 != "yawning" })
    }
    #expect(error?.findings.map(\.text) == ["'Yawn' names 'yawning', a label the model does not have"])
  }
}

@Suite struct `Settings about families` {
  private let families = [LabelFamily(name: "Drink", labels: ["drinking", "drinking beer"])]

  private func settings(_ recognition: String) throws -> DaemonSettings {
    try DaemonSettings.parse(
      "model: {path: m}\ncameras:\n  - {name: room, source: synthetic:1}\nrecognition: {\(recognition)}\n", path: "f",
      hostName: "h")
  }

  private func message(_ name: String) throws -> String? {
    let settings = try settings("activities: {\(name): {on: 0.7}}")
    return #expect(throws: SettingsError.self) {
      try settings.check(againstLabels: labels, families: families, path: "f")
    }?.description
  }

  @Test func `settings name the families file and enable other`() throws {
    let settings = try settings("families: kinetics.yaml, other: true").recognition
    #expect(settings.families == "kinetics.yaml" && settings.opensOther)
    let plain = try self.settings("").recognition
    #expect(plain.families == nil && !plain.opensOther)
  }

  @Test func `settings about single activities use the families' names`() throws {
    try settings("activities: {Drink: {on: 0.7}, other: {off: 0.1}}")
      .check(againstLabels: labels, families: families, path: "f")
    #expect(
      try message("Drnk") == "f: recognition.activities.Drnk: the model has no such family; did you mean Drink?")
    #expect(
      try message("drinking beer")
        == "f: recognition.activities.drinking beer: this label is part of a family; "
        + "set recognition.activities.Drink")
    #expect(
      try message("archery")
        == "f: recognition.activities.archery: this label is in no family; set recognition.activities.other, "
        + "or put it into a family")
    #expect(try message("juggling") == "f: recognition.activities.juggling: the model has no such family")
  }

  @Test func `settings about families suggest all similar names`() throws {
    let settings = try settings("activities: {Wask: {on: 0.7}}")
    let error = #expect(throws: SettingsError.self) {
      try settings.check(againstLabels: ["Walk", "Wash", "Sit"], path: "f")
    }
    #expect(
      error?.description == "f: recognition.activities.Wask: the model has no such activity; did you mean Walk or Wash?"
    )
  }
}
