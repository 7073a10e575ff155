/** The entry of yargs-parser that needs nothing of Node; its types are those of the other entry. */
declare module "yargs-parser/browser" {
  import parser from "yargs-parser";
  export default parser;
}
