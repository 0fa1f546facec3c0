import Golden
import Inference
import Testing

@Suite struct `Golden parity of the live engine` {
  private static let networks = ["student_T16_K31", "student_T64_K31"]

  @Test(arguments: networks)
  func `every recorded endpoint agrees in float32`(name: String) throws { try expectAgreement(name, .f32) }

  @Test(.enabled(if: Precision.native.contains(.bf16), "this CPU has no native bf16"), arguments: networks)
  func `every recorded endpoint agrees in bfloat16`(name: String) throws { try expectAgreement(name, .bf16) }

  private func expectAgreement(_ name: String, _ precision: Precision) throws {
    let check = try #require(StudentCheck.all(in: .embedded()).checks.first { $0.name == name })
    let engine = try ClipEngine(
      network: check.network, parameters: check.parameters, precision: precision, threads: 2, keepingEndpoints: true)
    _ = try engine.run(normalized: check.input().span)
    let findings = try check.compare(engine.values(of:))
    #expect(findings.count == 21)
    for finding in findings {
      #expect(finding.error <= precision.tolerance, "\(finding.endpoint)")
    }
  }
}
