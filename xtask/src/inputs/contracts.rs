//! The contracts of generated blocks: creation code and calls.

use super::npm::Packages;
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolValue, sol};
use eyre::OptionExt;

sol! {
    interface Erc20 {
        function transfer(address to, uint256 value) external returns (bool);
        function approve(address spender, uint256 value) external returns (bool);
        function transferFrom(address from, address to, uint256 value) external returns (bool);
    }

    interface Weth {
        function deposit() external payable;
        function withdraw(uint256 value) external;
    }

    interface Erc721 {
        function mint(address to) external returns (uint256 id);
        function approve(address to, uint256 id) external;
        function setApprovalForAll(address operator, bool approved) external;
        function transferFrom(address from, address to, uint256 id) external;
        function safeTransferFrom(address from, address to, uint256 id) external;
    }

    interface Router {
        function addLiquidity(
            address tokenA, address tokenB, uint256 amountA, uint256 amountB, uint256 amountAMin, uint256 amountBMin,
            address to, uint256 deadline
        ) external;
        function addLiquidityETH(
            address token, uint256 amount, uint256 amountMin, uint256 amountEthMin, address to, uint256 deadline
        ) external payable;
        function swapExactTokensForTokens(
            uint256 amountIn, uint256 amountOutMin, address[] path, address to, uint256 deadline
        ) external;
        function swapExactETHForTokens(uint256 amountOutMin, address[] path, address to, uint256 deadline)
            external payable;
    }

    /// A call of a batch, as ERC-7821 encodes it.
    struct BatchCall {
        address to;
        uint256 value;
        bytes data;
    }

    interface Batch {
        function execute(bytes32 mode, bytes executionData) external payable;
    }

    interface Workshop {
        function deploy(bytes32 salt, bytes code) external payable returns (address);
        function clone(address implementation, bytes32 salt) external returns (address);
    }

    interface Notary {
        function record(uint256 distance) external;
    }
}

/// Creation code of all contracts, without constructor arguments.
pub(super) struct Contracts {
    pub(super) token: Bytes,
    pub(super) collectible: Bytes,
    pub(super) batch_account: Bytes,
    pub(super) workshop: Bytes,
    pub(super) notary: Bytes,
    pub(super) factory: Bytes,
    pub(super) router: Bytes,
    pub(super) weth: Bytes,
}

impl Contracts {
    /// Reads and compiles them.
    pub(super) fn load(packages: &Packages) -> eyre::Result<Self> {
        let mut compiled = packages.compile()?;
        let mut own = |name| compiled.remove(name).ok_or_eyre("compile.cjs leaves out a contract");
        Ok(Self {
            token: own("Token")?,
            collectible: own("Collectible")?,
            batch_account: own("BatchAccount")?,
            workshop: own("Workshop")?,
            notary: own("Notary")?,
            factory: packages.creation_code("@uniswap/v2-core/build/UniswapV2Factory.json")?,
            router: packages.creation_code("@uniswap/v2-periphery/build/UniswapV2Router02.json")?,
            weth: packages.creation_code("@uniswap/v2-periphery/build/WETH9.json")?,
        })
    }

    /// Creation code of a token with 18 decimals whose whole supply belongs to `holder`.
    pub(super) fn new_token(&self, name: &str, symbol: &str, supply: U256, holder: Address) -> Bytes {
        with_arguments(&self.token, &(name, symbol, supply, holder).abi_encode_params())
    }

    /// Creation code of a collection whose owner mints.
    pub(super) fn new_collectible(&self, owner: Address) -> Bytes {
        with_arguments(&self.collectible, &("Ashlar Stones", "STONE", owner).abi_encode_params())
    }

    /// Creation code of the pair factory.
    pub(super) fn new_factory(&self, fee_to_setter: Address) -> Bytes {
        with_arguments(&self.factory, &fee_to_setter.abi_encode())
    }

    /// Creation code of the router.
    pub(super) fn new_router(&self, factory: Address, weth: Address) -> Bytes {
        with_arguments(&self.router, &(factory, weth).abi_encode_params())
    }
}

fn with_arguments(code: &Bytes, arguments: &[u8]) -> Bytes {
    [code.as_ref(), arguments].concat().into()
}
