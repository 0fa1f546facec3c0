import Foundation
import Testing

@Suite struct `Families of a model` {
  private static let scene = "synthetic:1?rate=15&size=64x64&length=4"

  /// Walk and Wave are in no family, so they are `other`.
  private func families(_ programs: borrowing Programs) throws -> String {
    try programs.write("Low: [Sit, Bend, Lie]\n", to: "families.yaml")
  }

  private func recognize(_ programs: borrowing Programs, model: String, _ more: String...) throws -> Programs.Outcome {
    let running = try programs.start(
      "adl", ["recognize", Self.scene, "--model", model, "--scene", "--threads", "1"] + more)
    return running.finish()
  }

  private func object(_ text: String) throws -> [String: Any] {
    try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  private func text(_ entry: Any?, _ key: String) -> String? { (entry as? [String: Any])?[key] as? String }

  @Test(.timeLimit(.minutes(5))) func `families name a file's activities, from a families file or the model's card`()
    throws
  {
    let programs = try Programs()
    let (families, small) = (try families(programs), try programs.smallModel())
    let model = "\(programs.folder)/families.safetensors"
    let imported = try programs.run(
      "adl", "model", "import", small, "--labels", "\(programs.folder)/labels.txt", "--size", "112", "--temperature",
      "0.01", "--families", families, "--out", model)
    #expect(imported.status == 0, "\(imported.errors)")

    let asked = try object(recognize(programs, model: small, "--json", "--families", families).output)
    let carded = try object(recognize(programs, model: model, "--json").output)
    for report in [asked, carded] {
      let activities = try #require(report["activities"] as? [[String: Any]])
      #expect(activities.map { text($0, "label") } == ["Low"])
      #expect(text(activities.first, "member") == "Lie")
      let window = try #require((report["windows"] as? [[String: Any]])?.last)
      #expect((window["softmax"] as? [Double])?.count == 6, "one probability per label")
      let top = try #require(window["top"] as? [[String: Any]])
      #expect(text(top.first, "label") == "Low" && text(top.first, "member") == "Lie" && top.count == 3)
      #expect((report["verdict"] as? [String: Any])?.keys.sorted() == ["index", "label", "member", "softmax"])
    }
    let plain = try object(recognize(programs, model: small, "--json").output)
    let activities = try #require(plain["activities"] as? [[String: Any]])
    #expect(activities.map { text($0, "label") } == ["Lie"])
    #expect(activities.allSatisfy { $0["member"] == nil })
  }

  @Test(.timeLimit(.minutes(5))) func `families open other if requested, and show the label in text`() throws {
    let programs = try Programs()
    let families = try programs.write("Upright: [Walk, Wave]\n", to: "upright.yaml")
    let outcome = try recognize(programs, model: programs.smallModel(), "--other", "--families", families)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let lines = outcome.output.split(separator: "Activities:").last?.split(separator: "\n") ?? []
    #expect(lines.first?.contains("  other (Lie)  ") == true, "\(outcome.output)")
  }

  @Test(.timeLimit(.minutes(5))) func `families stay in the card through inspect and export`() throws {
    let programs = try Programs()
    let model = "\(programs.folder)/families.safetensors"
    let small = try programs.smallModel()
    let outcome = try programs.run(
      "adl", "model", "import", small, "--labels", "\(programs.folder)/labels.txt", "--size", "112", "--families",
      try programs.write("Upright: [Walk, Wave]\nLow: [Sit, Bend]\n", to: "two.yaml"), "--out", model)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let inspected = try programs.run("adl", "model", "inspect", model)
    #expect(
      inspected.output.hasSuffix(
        """
        labels       background, Walk, Sit, Wave, Bend, Lie
        families     Upright: Walk, Wave
                     Low: Sit, Bend
                     background: 1 label
                     other: 1 label

        """), "\(inspected.output)")
    let json = try object(programs.run("adl", "model", "inspect", model, "--json").output)
    #expect((json["families"] as? [[String: Any]])?.map { text($0, "name") } == ["Upright", "Low"])
    let onnx = "\(programs.folder)/model.onnx"
    let exported = try programs.run("adl", "model", "export", model, "--onnx", onnx)
    #expect(exported.status == 0, "\(exported.errors)")
    let bytes = try Data(contentsOf: URL(fileURLWithPath: onnx), options: .mappedIfSafe)
    #expect(bytes.range(of: Data(#"[{"labels":["Walk","Wave"],"name":"Upright"}"#.utf8)) != nil)

    let plain = try programs.run("adl", "model", "inspect", small)
    #expect(plain.output.hasSuffix("Bend, Lie\n") && !plain.output.contains("families"))
    #expect(try object(programs.run("adl", "model", "inspect", small, "--json").output)["families"] == nil)
  }

  @Test(.timeLimit(.minutes(5))) func `families that do not fit are refused with status 65, and nothing is written`()
    throws
  {
    let programs = try Programs()
    let wrong = try programs.write("Low: [Sit, Ly]\n", to: "wrong.yaml")
    let small = try programs.smallModel()
    let out = "\(programs.folder)/out.safetensors"
    let refused = try programs.run(
      "adl", "model", "import", small, "--labels", "\(programs.folder)/labels.txt", "--size", "112", "--families",
      wrong, "--out", out)
    #expect(refused.status == 65)
    #expect(refused.errors == "adl: \(wrong):1: 'Low' names 'Ly', a label the model does not have\n")
    #expect(!FileManager.default.fileExists(atPath: out))
    let recognized = try recognize(programs, model: small, "--families", wrong)
    #expect(recognized.status == 65 && recognized.errors == refused.errors)
  }
}
