import Foundation
import ModelFile
import Networks
import Testing

@Suite struct `Calibration from the command line` {
  @Test func `calibration makes a model run in int8, with the same labels as float32`() throws {
    let programs = try Programs()
    let model = try programs.smallModel()
    let before = try StudentModel(path: model)
    let video = Programs.walk(seconds: 12, rate: 15)
    let refused = try programs.run("adl", "recognize", video, "--model", model, "--scene", "--precision", "int8")
    #expect(refused.status != 0 && refused.errors.contains("run `adl model calibrate`"))

    let calibrated = try programs.run(
      "adl", "model", "calibrate", model, "--scene", "--count", "12", "--data", video)
    #expect(calibrated.status == 0, "\(calibrated.errors)")
    let after = try StudentModel(path: model)
    #expect(after.card.ranges != nil && after.sha256 != before.sha256)
    for parameter in try after.network.graph().parameters {
      #expect(try after.values(of: parameter) == before.values(of: parameter))
    }

    let verified = try programs.run("adl", "model", "verify", model, "--scene", "--data", video)
    #expect(verified.status == 0 && verified.output.contains("int8 against f32, on "))
    for precision in ["f32", "int8"] {
      let recognized = try programs.run(
        "adl", "recognize", video, "--model", model, "--scene", "--precision", precision)
      #expect(recognized.status == 0 && recognized.output.contains("Lie"), "\(precision): \(recognized.errors)")
    }
  }

  @Test func `calibration requires windows for evaluation, and leaves the model unchanged without them`() throws {
    let programs = try Programs()
    let model = try programs.smallModel()
    let before = try StudentModel(path: model).sha256
    let outcome = try programs.run(
      "adl", "model", "calibrate", model, "--scene", "--data", Programs.walk(seconds: 1, rate: 15))
    #expect(outcome.status != 0 && outcome.errors.contains("at least 4 are needed"))
    #expect(try StudentModel(path: model).sha256 == before)
  }
}
