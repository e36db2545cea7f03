// An ERC-3643 token (T-REX 4.1.6) with ONCHAINID identities: its contracts as published, transfers between verified holders.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { ethers } from "ethers";
import { published, timeout } from "../lib/chain.mjs";
import { deployed, fundedWallet, mined, provider, wallet } from "../lib/ethers.mjs";

const me = wallet.address;
const topic = ethers.toBigInt(ethers.id("KYC"));
const [signedByKey, keyOfClaims, ofEcdsa] = [1, 3, 1];
const last = (name) => name.split("/").at(-1);
const trex = (name) => published(`@tokenysolutions/t-rex/artifacts/contracts/${name}.sol/${last(name)}.json`);
const onchainId = (name) =>
  published(`@onchain-id/solidity/artifacts/contracts/${name}.sol/${last(name)}.json`);
const place = async (artifact, ...args) => (await deployed(artifact, ...args)).getAddress();
const at = (address, { abi }) => new ethers.Contract(address, abi, wallet);

let suite, idFactory, issuer, issuerKey, token, registry, alice, bob;

after(() => provider.destroy());

test("the suite's contracts and a factory of identities are deployed", { timeout }, async () => {
  const contracts = {
    tokenImplementation: await place(trex("token/Token")),
    ctrImplementation: await place(trex("registry/implementation/ClaimTopicsRegistry")),
    irImplementation: await place(trex("registry/implementation/IdentityRegistry")),
    irsImplementation: await place(trex("registry/implementation/IdentityRegistryStorage")),
    tirImplementation: await place(trex("registry/implementation/TrustedIssuersRegistry")),
    mcImplementation: await place(trex("compliance/modular/ModularCompliance")),
  };
  const authority = await deployed(
    trex("proxy/authority/TREXImplementationAuthority"),
    true,
    ethers.ZeroAddress,
    ethers.ZeroAddress,
  );
  await mined(authority.addAndUseTREXVersion({ major: 4, minor: 1, patch: 6 }, contracts));
  const identities = await place(
    onchainId("proxy/ImplementationAuthority"),
    await place(onchainId("Identity"), me, true),
  );
  idFactory = await deployed(onchainId("factory/IdFactory"), identities);
  suite = await deployed(
    trex("factory/TREXFactory"),
    await authority.getAddress(),
    await idFactory.getAddress(),
  );
  await mined(idFactory.addTokenFactory(await suite.getAddress()));
});

test("an issuer of claims, and a token that wants them", { timeout }, async () => {
  issuerKey = ethers.Wallet.createRandom();
  issuer = await deployed(onchainId("ClaimIssuer"), me);
  const hash = ethers.keccak256(ethers.AbiCoder.defaultAbiCoder().encode(["address"], [issuerKey.address]));
  await mined(issuer.addKey(hash, keyOfClaims, ofEcdsa));
  const details = {
    owner: me,
    name: "Share",
    symbol: "SHR",
    decimals: 0,
    irs: ethers.ZeroAddress,
    ONCHAINID: ethers.ZeroAddress,
    irAgents: [me],
    tokenAgents: [me],
    complianceModules: [],
    complianceSettings: [],
  };
  const claims = { claimTopics: [topic], issuers: [await issuer.getAddress()], issuerClaims: [[topic]] };
  await mined(suite.deployTREXSuite("share", details, claims));
  token = at(await suite.getToken("share"), trex("token/Token"));
  registry = at(await token.identityRegistry(), trex("registry/implementation/IdentityRegistry"));
  await mined(token.unpause());
});

/** A new holder that is registered, with an identity, and with the issuer's claim if wanted. */
async function holder(hasClaim) {
  const person = await fundedWallet(ethers.parseEther("1"));
  await mined(idFactory.createIdentity(person.address, person.address));
  const identity = at(await idFactory.getIdentity(person.address), onchainId("Identity")).connect(person);
  if (hasClaim) {
    const [address, data] = [await identity.getAddress(), ethers.toUtf8Bytes("known")];
    const content = ethers.AbiCoder.defaultAbiCoder().encode(
      ["address", "uint256", "bytes"],
      [address, topic, data],
    );
    const signature = await issuerKey.signMessage(ethers.getBytes(ethers.keccak256(content)));
    await mined(identity.addClaim(topic, signedByKey, await issuer.getAddress(), signature, data, ""));
  }
  await mined(registry.registerIdentity(person.address, await identity.getAddress(), 756));
  return person;
}

test("holders are verified, and one of them gets shares", { timeout }, async () => {
  [alice, bob] = [await holder(true), await holder(true)];
  assert.equal(await registry.isVerified(alice.address), true);
  await mined(token.mint(alice.address, 100n));
});

test("a transfer between verified holders succeeds", { timeout }, async () => {
  await mined(token.connect(alice).transfer(bob.address, 30n));
  assert.deepEqual([await token.balanceOf(alice.address), await token.balanceOf(bob.address)], [70n, 30n]);
});

test(
  "transfers to others are refused: unknown, registered without a claim, frozen",
  { timeout },
  async () => {
    const transfer = token.connect(alice).transfer;
    await assert.rejects(transfer(ethers.Wallet.createRandom().address, 1n), {
      code: "CALL_EXCEPTION",
      reason: "Transfer not possible",
    });
    const unproven = await holder(false);
    await assert.rejects(transfer(unproven.address, 1n), {
      code: "CALL_EXCEPTION",
      reason: "Transfer not possible",
    });
    const sent = await transfer(unproven.address, 1n, { gasLimit: 500_000n });
    await assert.rejects(sent.wait(), (error) => error.receipt.status === 0);
    await mined(token.setAddressFrozen(bob.address, true));
    await assert.rejects(transfer(bob.address, 1n), { code: "CALL_EXCEPTION", reason: "wallet is frozen" });
    assert.equal(await token.balanceOf(alice.address), 70n);
  },
);
